//! A request as it came.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::harness::standard;

/// Kept as one text and one body, so that hundreds of thousands fit; its parts are found when they are asked for.
#[derive(Clone, Debug)]
pub struct Request {
    /// When its last byte was read.
    pub at: Instant,
    /// The same in milliseconds since 1970.
    pub at_ms: u64,
    /// Which TCP connection it came over; the first is 0.
    pub connection: usize,
    pub body: Vec<u8>,
    /// The request line and the headers, without the empty line.
    pub(super) head: Box<str>,
}

impl Request {
    pub(super) fn new(connection: usize, head: &str, body: Vec<u8>) -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock");
        Self { at: Instant::now(), at_ms: since.as_millis() as u64, connection, body, head: head.into() }
    }

    fn word(&self, at: usize) -> &str {
        self.head.lines().next().and_then(|line| line.split(' ').nth(at)).unwrap_or_default()
    }

    pub fn method(&self) -> &str {
        self.word(0)
    }

    pub fn path(&self) -> &str {
        self.word(1).split('?').next().unwrap_or_default()
    }

    /// What follows the question mark; empty without one.
    pub fn query(&self) -> &str {
        self.word(1).split_once('?').map_or("", |(_, query)| query)
    }

    /// `HTTP/1.1` or `HTTP/2`.
    pub fn version(&self) -> &str {
        self.word(2)
    }

    /// Names as they were written, in their order.
    pub fn headers(&self) -> Vec<(&str, &str)> {
        self.each_header().collect()
    }

    fn each_header(&self) -> impl Iterator<Item = (&str, &str)> {
        let lines = self.head.split("\r\n").skip(1).filter_map(|line| line.split_once(':'));
        lines.map(|(name, value)| (name, value.trim()))
    }

    /// The first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.each_header().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.text()))
    }

    #[track_caller]
    fn needed(&self, name: &str) -> &str {
        let mut values = self.each_header().filter(|(n, _)| n.eq_ignore_ascii_case(name));
        let value = values.next().unwrap_or_else(|| panic!("no {name} in\n{}", self.head)).1;
        assert!(values.next().is_none(), "two of {name} in\n{}", self.head);
        value
    }

    /// The id and the time as Standard Webhooks wants them: no full stop, and within five minutes of its coming.
    #[track_caller]
    fn signed_words(&self) -> (&str, u64) {
        let id = self.needed("webhook-id");
        assert!(!id.is_empty() && !id.contains('.'), "webhook-id: {id:?}");
        let time = self.needed("webhook-timestamp");
        let seconds = time.parse::<u64>().unwrap_or_else(|_| panic!("webhook-timestamp: {time:?} is no number"));
        let off = seconds.abs_diff(self.at_ms / 1000);
        assert!(off <= 300, "webhook-timestamp: {seconds} is {off} s away from when it came");
        (id, seconds)
    }

    /// Whether it is a Standard Webhook, and one of its `v1` signatures is of that `whsec_` secret.
    #[track_caller]
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let (id, seconds) = self.signed_words();
        let [.., (_, expected)] = standard(secret, id, seconds, &self.body);
        self.needed("webhook-signature").split(' ').any(|signature| signature == expected)
    }

    /// Fails if it is not signed with that `whsec_` secret.
    #[track_caller]
    pub fn verify(&self, secret: &str) {
        assert!(self.is_signed_with(secret), "no signature of {secret} in\n{}\n\n{}", self.head, self.text());
    }

    /// Fails if none of its `v1a` signatures is of that `whpk_` key.
    #[track_caller]
    pub fn verify_with_public_key(&self, key: &str) {
        let (id, seconds) = self.signed_words();
        let bytes = STANDARD.decode(key.trim_start_matches("whpk_")).expect("a public key");
        let message = [format!("{id}.{seconds}.").as_bytes(), &self.body].concat();
        let signatures = self.needed("webhook-signature").split(' ').filter_map(|one| one.strip_prefix("v1a,"));
        let of_key = |signature: &[u8]| UnparsedPublicKey::new(&ED25519, &bytes).verify(&message, signature).is_ok();
        let found = signatures.filter_map(|text| STANDARD.decode(text).ok()).any(|signature| of_key(&signature));
        assert!(found, "no signature of {key} in\n{}\n\n{}", self.head, self.text());
    }
}
