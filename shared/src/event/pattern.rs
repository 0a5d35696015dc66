//! Which types of events are wanted.

use std::str::FromStr;

use serde::Serialize;

use super::{EventType, is_word};

/// Which types are wanted: a type, in which `*` stands for one word, or for one and more at the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pattern(String);

/// What a pattern is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not an event type or pattern; write order.created, order.* or *")]
pub struct NotAPattern;

impl Pattern {
    pub fn matches(&self, kind: &EventType) -> bool {
        let (mut wanted, mut found) = (self.0.split('.').peekable(), kind.0.split('.'));
        while let Some(word) = wanted.next() {
            match (word, found.next()) {
                (_, None) => return false,
                ("*", Some(_)) if wanted.peek().is_none() => return true,
                ("*", Some(_)) => {}
                (word, Some(other)) if word == other => {}
                _ => return false,
            }
        }
        found.next().is_none()
    }
}

impl FromStr for Pattern {
    type Err = NotAPattern;

    fn from_str(text: &str) -> Result<Self, NotAPattern> {
        let fits = text.len() <= 128 && text.split('.').all(|word| word == "*" || is_word(word));
        if fits { Ok(Self(text.to_owned())) } else { Err(NotAPattern) }
    }
}
