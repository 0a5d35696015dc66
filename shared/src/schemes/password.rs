//! A password that the caller shows: as Bearer, Basic, in a header of its own or in the query.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, header::AUTHORIZATION};

pub(super) use super::settings::SECRET;
use super::{Fetched, Presented, Proof, Prove, Scheme, Settings, Wrong};
use crate::event::Digested;
use crate::secret::Secret;
use crate::signature::Fault;
use crate::timestamp::Timestamp;

pub(super) fn row() -> Scheme {
    let page = "https://www.rfc-editor.org/rfc/rfc9110#name-authorization";
    Scheme::own(("password", "password", page), &[SECRET], Proof::Authenticated, make)
}

struct Password(Vec<Secret>);

pub(super) fn make(settings: &Settings) -> Result<Arc<dyn Prove>, Wrong> {
    Ok(Arc::new(Password(settings.secrets("secret").to_vec())))
}

impl Prove for Password {
    fn prove(&self, request: &Presented<'_>, _: &Fetched, _: Timestamp) -> Result<Proof, Fault> {
        verify(&self.0, request).map(|()| Proof::Authenticated)
    }
}

/// The header for callers that can set one but not `Authorization`.
const HEADER: &str = "x-webhook-password";

/// The names under which a password may stand in the query.
const QUERY: [&str; 2] = ["token", "access_token"];

/// Who shows more is guessing. Basic counts twice: for the password, and for the whole.
const MOST: usize = 4;

/// `Ok` if any credential presented is one of the secrets.
fn verify(secrets: &[Secret], presented: &Presented<'_>) -> Result<(), Fault> {
    let shown = credentials(presented);
    if shown.is_empty() {
        return Err(Fault::Absent);
    }
    if shown.len() > MOST {
        return Err(Fault::Malformed("a heap of credentials".into()));
    }
    let fits = |shown: &Vec<u8>| secrets.iter().filter(|secret| secret.matches(shown)).count() > 0;
    if shown.iter().any(fits) { Ok(()) } else { Err(Fault::Mismatch) }
}

fn credentials(presented: &Presented<'_>) -> Vec<Vec<u8>> {
    let mut shown = Vec::new();
    for value in presented.headers.get_all(AUTHORIZATION) {
        shown.extend(authorization(value.as_bytes()));
    }
    shown.extend(presented.headers.get_all(HEADER).iter().map(|value| value.as_bytes().to_vec()));
    for (name, value) in form_urlencoded::parse(presented.query.unwrap_or_default().as_bytes()) {
        if QUERY.contains(&&*name) {
            shown.push(value.into_owned().into_bytes());
        }
    }
    shown
}

/// What an `Authorization` header shows: a bearer token; or of Basic, the password, and the whole
/// for secrets written `user:password`.
fn authorization(value: &[u8]) -> Vec<Vec<u8>> {
    let Some(space) = value.iter().position(|b| *b == b' ') else { return Vec::new() };
    let (scheme, rest) = value.split_at(space);
    let rest = rest.trim_ascii();
    if scheme.eq_ignore_ascii_case(b"bearer") {
        return vec![rest.to_vec()];
    }
    if !scheme.eq_ignore_ascii_case(b"basic") {
        return Vec::new();
    }
    let Ok(pair) = STANDARD.decode(rest) else { return Vec::new() };
    let password = pair.iter().position(|b| *b == b':').map(|colon| pair[colon + 1..].to_vec());
    password.into_iter().chain([pair]).collect()
}

/// Whether `Authorization` shows that secret, as a bearer token or as the password of Basic, which
/// is what a browser can do: for our own doors. Compares in constant time.
pub fn shows(headers: &HeaderMap, secret: &Secret) -> bool {
    let shown = headers.get(AUTHORIZATION).map(|value| authorization(value.as_bytes())).unwrap_or_default();
    shown.iter().any(|shown| secret.matches(shown))
}

/// The digests of what `Authorization` shows and begins so, by which made tokens are found.
pub fn digests(headers: &HeaderMap, prefix: &str) -> Vec<Digested> {
    let shown = headers.get(AUTHORIZATION).map(|value| authorization(value.as_bytes())).unwrap_or_default();
    let tokens = shown.iter().filter(|shown| shown.starts_with(prefix.as_bytes()));
    tokens.map(|shown| Digested::of_token(shown)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECRETS: [&str; 2] = ["open sesame", "shop:pa:ss"];

    fn verdict(header: Option<(&'static str, &[u8])>, query: Option<&str>) -> Result<(), Fault> {
        let mut headers = HeaderMap::new();
        if let Some((name, value)) = header {
            headers.insert(name, http::HeaderValue::from_bytes(value).unwrap());
        }
        verify(&SECRETS.map(Secret::new), &Presented { query, ..Presented::of(&headers, b"") })
    }

    #[test]
    fn a_password_is_taken_wherever_the_caller_can_put_it() {
        for value in ["Bearer open sesame", "bearer  open sesame", "Basic OnBhOnNz"] {
            let expected = if value.starts_with("Basic") { Err(Fault::Mismatch) } else { Ok(()) };
            assert_eq!(verdict(Some(("authorization", value.as_bytes())), None), expected, "{value}");
        }
        let basic = |pair: &str| format!("Basic {}", STANDARD.encode(pair));
        for pair in ["anyone:open sesame", ":open sesame", "shop:pa:ss"] {
            assert_eq!(verdict(Some(("authorization", basic(pair).as_bytes())), None), Ok(()), "{pair}");
        }
        assert_eq!(verdict(Some(("x-webhook-password", b"open sesame")), None), Ok(()));
        assert_eq!(verdict(None, Some("a=1&token=open%20sesame")), Ok(()));
        assert_eq!(verdict(None, Some("access_token=open+sesame")), Ok(()));
    }

    #[test]
    fn anything_else_is_refused() {
        assert_eq!(verdict(None, None), Err(Fault::Absent));
        assert_eq!(verdict(None, Some("password=open%20sesame")), Err(Fault::Absent));
        for value in ["open sesame", "Digest open sesame", "Basic !!", "Basic"] {
            assert_eq!(verdict(Some(("authorization", value.as_bytes())), None), Err(Fault::Absent), "{value}");
        }
        for value in ["Bearer ", "Bearer open", "Bearer open sesame2", "Bearer Open sesame"] {
            assert_eq!(verdict(Some(("authorization", value.as_bytes())), None), Err(Fault::Mismatch), "{value}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic_or_pass(value: Vec<u8>, query in ".*") {
            if let Ok(value) = http::HeaderValue::from_bytes(&value) {
                prop_assert!(verdict(Some(("authorization", value.as_bytes())), Some(&query)).is_err());
            }
        }
    }
}
