//! Providers that sign as they say they do, with code that is not ours.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::Answer;
use super::PostOffice;

/// HMAC-SHA256.
pub fn mac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key");
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

/// Seconds since 1970.
pub fn now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock").as_secs()
}

/// A repository that posts to one address.
pub struct Github<'a> {
    pub path: &'a str,
    pub secret: &'a str,
}

impl Github<'_> {
    pub fn signature(&self, body: &[u8]) -> String {
        format!("sha256={}", hex::encode(mac(self.secret.as_bytes(), body)))
    }

    #[track_caller]
    pub fn post(&self, to: &dyn PostOffice, delivery: &str, body: &[u8]) -> Answer {
        let signature = self.signature(body);
        let mut headers = vec![
            ("content-type", "application/json"),
            ("x-github-event", "push"),
            ("x-hub-signature-256", &*signature),
            ("user-agent", "GitHub-Hookshot/0a1b2c3"),
        ];
        if !delivery.is_empty() {
            headers.push(("x-github-delivery", delivery));
        }
        to.post(self.path, &headers, body)
    }
}

/// The headers of a Standard Webhook.
pub fn standard(secret: &str, id: &str, timestamp: u64, body: &[u8]) -> [(&'static str, String); 3] {
    let key = STANDARD.decode(secret.trim_start_matches("whsec_")).expect("a secret");
    let message = [id.as_bytes(), b".", timestamp.to_string().as_bytes(), b".", body].concat();
    let signature = format!("v1,{}", STANDARD.encode(mac(&key, &message)));
    [("webhook-id", id.to_owned()), ("webhook-timestamp", timestamp.to_string()), ("webhook-signature", signature)]
}
