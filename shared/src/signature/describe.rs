//! A recipe in words, and what it covers.

use super::{Algorithm, Digest, Name, Part, Place, Recipe};

impl Recipe {
    /// Whether the value there is part of what is signed, so that nobody can change it on its way.
    pub fn covers(&self, place: &Place) -> bool {
        if place.is_in_body() && self.covers_body() {
            return true;
        }
        self.message.iter().any(|part| match part {
            Part::Value(signed) | Part::Segment { place: signed, .. } => signed == place,
            Part::Url | Part::Path => matches!(place, Place::Query(_)),
            _ => false,
        })
    }

    /// Whether the owner must say how the provider calls the source.
    pub fn wants_url(&self) -> bool {
        self.message.contains(&Part::Url) || self.message.contains(&Part::Path)
    }

    /// Like `HMAC-SHA256 over the body`.
    pub(crate) fn describe(&self) -> String {
        let parts: Vec<_> = self.message.iter().filter_map(|part| self.word(part)).collect();
        let parts = match parts.split_last() {
            Some((last, first)) if !first.is_empty() => format!("{} and {last}", first.join(", ")),
            _ => parts.concat(),
        };
        format!("{} over {parts}", self.algorithm.name())
    }

    fn word(&self, part: &Part) -> Option<Name> {
        match part {
            Part::Body => Some("the body".into()),
            Part::Literal(_) => None,
            Part::Value(place) if self.freshness.as_ref().is_some_and(|freshness| freshness.place == *place) => {
                Some("time".into())
            }
            Part::Value(place) | Part::Segment { place, .. } => Some(place.name()),
            Part::Method => Some("the method".into()),
            Part::Url => Some("the address".into()),
            Part::Path => Some("the path".into()),
            Part::Headers { .. } => Some("some headers".into()),
            Part::Form => Some("the form".into()),
        }
    }
}

impl Algorithm {
    fn name(self) -> &'static str {
        match self {
            Self::Hmac { digest: Digest::Sha1, .. } => "HMAC-SHA1",
            Self::Hmac { digest: Digest::Sha256, .. } => "HMAC-SHA256",
            Self::Hmac { digest: Digest::Sha512, .. } => "HMAC-SHA512",
            Self::Public { .. } => "a public key",
        }
    }
}
