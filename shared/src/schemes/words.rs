//! The words by which owners name what the engine can do.

use crate::signature::{Digest, Encoding, KeyForm, Unit};

/// What may be written, and what it means.
pub(super) type Words<T> = [(&'static str, T)];

pub(super) const DIGESTS: &Words<Digest> =
    &[("sha256", Digest::Sha256), ("sha1", Digest::Sha1), ("sha512", Digest::Sha512)];

pub(super) const ENCODINGS: &Words<Encoding> =
    &[("hex", Encoding::Hex), ("base64", Encoding::Base64), ("base64url", Encoding::Base64Url)];

pub(super) const KEYS: &Words<KeyForm> = &[
    ("text", KeyForm::Utf8),
    ("base64", KeyForm::Base64),
    ("hex", KeyForm::Hex),
    ("whsec", KeyForm::Whsec),
    ("sha1", KeyForm::Sha1),
];

pub(super) const UNITS: &Words<Unit> = &[
    ("seconds", Unit::Seconds),
    ("milliseconds", Unit::Millis),
    ("iso8601", Unit::Iso),
    ("http", Unit::Http),
    ("either", Unit::Either),
];

/// How an owner writes it; empty for what cannot be written.
pub(super) fn word<T: PartialEq>(words: &Words<T>, of: &T) -> &'static str {
    words.iter().find(|(_, meant)| meant == of).map_or("", |(word, _)| word)
}
