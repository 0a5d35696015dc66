//! The pieces of which a signed message is made.

use std::borrow::Cow;

use super::{Fault, Name, Place};
use crate::schemes::Presented;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// The bytes as received.
    Body,
    Literal(Name),
    /// A value as it stands there.
    Value(Place),
    /// `POST`.
    Method,
    /// The address as the provider knows it, which the owner configures, with the query as it came.
    Url,
}

impl Part {
    pub fn header(name: &'static str) -> Self {
        Self::Value(Place::header(name))
    }

    pub fn literal(text: &'static str) -> Self {
        Self::Literal(text.into())
    }

    /// # Errors
    /// It is not in that request.
    pub(super) fn bytes<'a>(&'a self, request: &'a Presented<'a>) -> Result<Cow<'a, [u8]>, Fault> {
        Ok(match self {
            Self::Body => Cow::Borrowed(request.body),
            Self::Literal(text) => Cow::Borrowed(text.as_bytes()),
            Self::Value(place) => match place.one(request)? {
                Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
                Cow::Owned(text) => Cow::Owned(text.into_bytes()),
            },
            Self::Method => Cow::Borrowed(request.method.as_str().as_bytes()),
            Self::Url => Cow::Owned(request.address().ok_or(Fault::Missing("url".into()))?.into_bytes()),
        })
    }
}
