//! What a receiver answered, as its sender's owner may read it: the endpoint's secrets taken out.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use crate::endpoint::Endpoint;
use crate::secret::Secret;

/// Shorter values than this would be found everywhere, and are no secrets.
const SHORTEST: usize = 6;

const REMOVED: &[u8] = b"[secret]";

/// As text where it is text, in base64 where it is not; `None` if there was nothing.
pub(super) fn response(endpoint: &Endpoint, body: &[u8]) -> Option<String> {
    if body.is_empty() {
        return None;
    }
    let mut body = body.to_vec();
    for secret in secrets(endpoint) {
        body = without(body, secret.as_bytes());
    }
    Some(match std::str::from_utf8(&body) {
        Ok(text) if text.chars().any(is_stray) => format!("base64:{}", STANDARD.encode(text)),
        Ok(text) => text.to_owned(),
        // Cut short in the middle of a character, it is text all the same.
        Err(problem) if problem.error_len().is_none() => {
            String::from_utf8_lossy(&body[..problem.valid_up_to()]).into_owned()
        }
        Err(_) => format!("base64:{}", STANDARD.encode(body)),
    })
}

/// The body without an access token, which no configuration holds.
pub(super) fn without_token(body: &Bytes, token: &Secret) -> Bytes {
    let spelt = spellings(vec![token.expose().to_owned()]);
    spelt.iter().fold(body.clone(), |body, token| without(body.to_vec(), token.as_bytes()).into())
}

/// These, and how JSON may write them; the longest first, and none that is too short.
fn spellings(mut all: Vec<String>) -> Vec<String> {
    let in_json = |text: &String| serde_json::to_string(text).ok().map(|json| json.trim_matches('"').to_owned());
    let others: Vec<_> = all.iter().filter_map(|text| in_json(text).filter(|json| json != text)).collect();
    all.extend(others);
    // PHP writes the slashes of JSON so.
    let slashed = all.iter().filter(|text| text.contains('/')).map(|text| text.replace('/', "\\/"));
    all.extend(slashed.collect::<Vec<_>>());
    all.retain(|text| text.len() >= SHORTEST);
    all.sort_by_key(|text| std::cmp::Reverse(text.len()));
    all
}

/// What no text holds, and JSON writes with six characters for one.
fn is_stray(character: char) -> bool {
    character.is_control() && !matches!(character, '\t' | '\r' | '\n')
}

/// The body without that secret, nor the beginning of it where the body was cut.
fn without(body: Vec<u8>, secret: &[u8]) -> Vec<u8> {
    let (mut left, mut rest) = (Vec::with_capacity(body.len()), &*body);
    while let Some(at) = rest.windows(secret.len()).position(|window| window == secret) {
        left.extend_from_slice(&rest[..at]);
        left.extend_from_slice(REMOVED);
        rest = &rest[at + secret.len()..];
    }
    let cut = (SHORTEST..secret.len()).rev().find(|length| rest.ends_with(&secret[..*length]));
    left.extend_from_slice(&rest[..rest.len() - cut.unwrap_or_default()]);
    left.extend_from_slice(cut.map_or(&[], |_| REMOVED));
    left
}

/// What must not be shown: the values of headers and keys, as they are and as they are made of others,
/// the longest first.
fn secrets(endpoint: &Endpoint) -> Vec<String> {
    let values = endpoint.headers.iter().filter_map(|(_, value)| std::str::from_utf8(value.as_bytes()).ok());
    let keys = endpoint.signer.iter().flat_map(|signer| signer.secrets().map(|secret| secret.expose()));
    let client = endpoint.oauth2.iter().map(|oauth2| oauth2.client_secret.expose().to_owned());
    spellings(values.flat_map(in_header).chain(keys.flat_map(in_key)).chain(client).collect())
}

/// Of `Bearer TOKEN` the token, of `Basic …` also what is encoded there.
fn in_header(value: &str) -> Vec<String> {
    let Some((word, rest)) = value.split_once(' ') else { return vec![value.to_owned()] };
    match word.to_ascii_lowercase().as_str() {
        "bearer" => vec![rest.to_owned()],
        "basic" => {
            let pair = STANDARD.decode(rest).ok().and_then(|pair| String::from_utf8(pair).ok()).unwrap_or_default();
            let password = pair.split_once(':').map(|(_, password)| password.to_owned());
            [Some(rest.to_owned()), password, Some(pair)].into_iter().flatten().collect()
        }
        _ => vec![value.to_owned(), rest.to_owned()],
    }
}

/// A key with and without the word that says what it is.
fn in_key(key: &str) -> Vec<String> {
    [Some(key), key.split_once('_').map(|(_, rest)| rest)].into_iter().flatten().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_secret_is_taken_out_wherever_it_stands() {
        let without = |body: &str| String::from_utf8(without(body.into(), b"hush-hush")).unwrap();
        assert_eq!(without("a hush-hush b hush-hush"), "a [secret] b [secret]");
        assert_eq!((without("hush-hush").as_str(), without("nothing").as_str()), ("[secret]", "nothing"));
        assert_eq!((without("a hush-hu").as_str(), without("a hush-").as_str()), ("a [secret]", "a hush-"));
    }

    #[test]
    fn what_a_header_is_made_of_is_secret_too() {
        assert_eq!(in_header("Bearer token-1"), ["token-1"]);
        assert_eq!(in_header("Basic dXM6cDpzcw=="), ["dXM6cDpzcw==", "p:ss", "us:p:ss"]);
        assert_eq!(in_header("Token abc"), ["Token abc", "abc"]);
        assert_eq!(in_key("whsec_abc"), ["whsec_abc", "abc"]);
    }

    proptest! {
        #[test]
        fn nothing_of_a_secret_is_left(before in "[a-z ]{0,20}", after in "[A-Z ]{0,20}") {
            let body = format!("{before}0123456789{after}").into_bytes();
            let left = String::from_utf8(without(body, b"0123456789")).unwrap();
            prop_assert_eq!(left, format!("{before}[secret]{after}"));
        }
    }
}
