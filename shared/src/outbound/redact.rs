//! What a receiver answered, as its sender's owner may read it: the endpoint's secrets taken out.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::endpoint::Endpoint;

/// Shorter values than this would be found everywhere, and are no secrets.
const SHORTEST: usize = 6;

const REMOVED: &[u8] = b"[secret]";

/// As text where it is text, in base64 where it is not; `None` if there was nothing.
pub(super) fn response(endpoint: &Endpoint, body: &[u8]) -> Option<String> {
    if body.is_empty() {
        return None;
    }
    let mut kept = body.to_vec();
    for secret in secrets(endpoint) {
        kept = without(&kept, &secret);
    }
    // Cut short in the middle of a character, it is text all the same.
    let end = match std::str::from_utf8(&kept) {
        Ok(_) => kept.len(),
        Err(problem) if problem.error_len().is_none() => problem.valid_up_to(),
        Err(_) => return Some(format!("base64:{}", STANDARD.encode(kept))),
    };
    kept.truncate(end);
    String::from_utf8(kept).ok()
}

/// Every occurrence replaced, and the beginning of one at the very end, where the rest was cut off.
fn without(body: &[u8], secret: &[u8]) -> Vec<u8> {
    let (mut kept, mut rest) = (Vec::with_capacity(body.len()), body);
    while let Some(at) = rest.windows(secret.len()).position(|window| window == secret) {
        kept.extend_from_slice(&rest[..at]);
        kept.extend_from_slice(REMOVED);
        rest = &rest[at + secret.len()..];
    }
    let cut = (SHORTEST..secret.len()).rev().find(|length| rest.ends_with(&secret[..*length]));
    kept.extend_from_slice(&rest[..rest.len() - cut.unwrap_or_default()]);
    if cut.is_some() {
        kept.extend_from_slice(REMOVED);
    }
    kept
}

/// What must not be shown: keys, and the values of headers, with and without the word before them; of
/// Basic, what it encodes too. Longer ones first: one may hold another.
fn secrets(endpoint: &Endpoint) -> Vec<Vec<u8>> {
    let mut found: Vec<Vec<u8>> = Vec::new();
    for (_, value) in &endpoint.headers {
        let value = value.as_bytes();
        let rest = value.iter().position(|b| *b == b' ').map(|space| value[space + 1..].to_vec());
        let pair = rest.as_ref().and_then(|rest| STANDARD.decode(rest).ok());
        let password = pair.as_ref().and_then(|pair| pair.splitn(2, |b| *b == b':').nth(1)).map(<[u8]>::to_vec);
        found.push(value.to_vec());
        found.extend([rest, pair, password].into_iter().flatten());
    }
    let keys = endpoint.signer.iter().flat_map(|signer| signer.secrets());
    found.extend(keys.map(|key| key.expose().as_bytes().to_vec()));
    found.retain(|secret| secret.len() >= SHORTEST);
    found.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_secret_is_removed_wherever_it_stands() {
        assert_eq!(without(b"a hushhush b hushhush", b"hushhush"), b"a [secret] b [secret]");
        assert_eq!(without(b"a hushhus", b"hushhush"), b"a [secret]");
        assert_eq!(without(b"a hush", b"hushhush"), b"a hush");
        assert_eq!(without(b"", b"hushhush"), b"");
    }

    proptest! {
        #[test]
        fn what_is_shown_never_holds_the_secret(before: Vec<u8>, after: Vec<u8>, secret in "[A-Z]{6,20}") {
            let secret = secret.as_bytes();
            let shown = without(&[&before, secret, &after].concat(), secret);
            prop_assert!(!shown.windows(secret.len()).any(|window| window == secret));
        }
    }
}
