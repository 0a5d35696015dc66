//! What a receiver answered, as its sender's owner may read it: the endpoint's secrets taken out.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::endpoint::Endpoint;

/// Shorter values than this would be found everywhere, and are no secrets.
const SHORTEST: usize = 6;

const REMOVED: &str = "[secret]";

/// As text where it is text, in base64 where it is not; `None` if there was nothing.
pub(super) fn response(endpoint: &Endpoint, body: &[u8]) -> Option<String> {
    if body.is_empty() {
        return None;
    }
    // Cut short in the middle of a character, it is text all the same.
    let text = match std::str::from_utf8(body) {
        Ok(text) => text,
        Err(problem) if problem.error_len().is_none() => {
            std::str::from_utf8(&body[..problem.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return Some(format!("base64:{}", STANDARD.encode(body))),
    };
    let mut text = text.to_owned();
    for secret in secrets(endpoint).filter(|secret| secret.len() >= SHORTEST) {
        if text.contains(secret) {
            text = text.replace(secret, REMOVED);
        }
    }
    Some(text)
}

/// What must not be shown: keys, and the values of headers, with and without the word before them.
fn secrets(endpoint: &Endpoint) -> impl Iterator<Item = &str> {
    let values = endpoint.headers.iter().filter_map(|(_, value)| value.to_str().ok());
    let values = values.flat_map(|value| [Some(value), value.split_once(' ').map(|(_, rest)| rest)]).flatten();
    let keys = endpoint.signer.iter().flat_map(|signer| signer.secrets().map(|secret| secret.expose()));
    values.chain(keys)
}
