//! The pieces of which a signed message is made.

use std::borrow::Cow;

use http::HeaderName;

use super::{Fault, Name, Place};
use crate::schemes::Presented;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// The bytes as received.
    Body,
    Literal(Name),
    /// A value as it stands there.
    Value(Place),
    /// A value in lower case if it is there, with what stands before and after it; else nothing.
    Segment {
        before: Name,
        place: Place,
        after: Name,
    },
    /// `POST`.
    Method,
    /// The address as the provider knows it, which the owner configures, with the query as it came.
    Url,
    /// The same without scheme and host.
    Path,
    /// The headers that the header of that name lists, and time among them: sorted, each as `name:value`,
    /// with `;` between.
    Headers {
        listed: Name,
        time: Name,
    },
    /// The fields of a body that is a form, sorted by name: each name and value, with nothing between.
    /// The one part that takes memory in proportion to the body.
    Form,
}

/// A form that is signed field by field has no more.
const MOST_FIELDS: usize = 1_000;

/// More headers than this are not looked at.
const MOST_HEADERS: usize = 64;

impl Part {
    pub fn header(name: &'static str) -> Self {
        Self::Value(Place::header(name))
    }

    pub fn literal(text: &'static str) -> Self {
        Self::Literal(text.into())
    }

    /// A value in lower case if it is there, with what stands before and after it; else nothing.
    pub fn segment(before: &'static str, place: Place, after: &'static str) -> Self {
        Self::Segment { before: before.into(), place, after: after.into() }
    }

    /// # Errors
    /// It is not in that request.
    pub(crate) fn bytes<'a>(&'a self, request: &'a Presented<'a>) -> Result<Cow<'a, [u8]>, Fault> {
        Ok(match self {
            Self::Body => Cow::Borrowed(request.body),
            Self::Literal(text) => Cow::Borrowed(text.as_bytes()),
            Self::Value(place) => match place.one(request)? {
                Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
                Cow::Owned(text) => Cow::Owned(text.into_bytes()),
            },
            Self::Segment { before, place, after } => match place.one(request) {
                Ok(value) if !after.is_empty() && value.contains(&**after) => {
                    return Err(Fault::Malformed(place.name()));
                }
                Ok(value) => Cow::Owned(format!("{before}{}{after}", value.to_lowercase()).into_bytes()),
                Err(Fault::Missing(_)) => Cow::Borrowed(b""),
                Err(fault) => return Err(fault),
            },
            Self::Method => Cow::Borrowed(request.method.as_str().as_bytes()),
            Self::Url => Cow::Owned(address(request)?.into_bytes()),
            Self::Path => Cow::Owned(path(&address(request)?).to_owned().into_bytes()),
            Self::Headers { listed, time } => Cow::Owned(headers(listed, time, request)?.into_bytes()),
            Self::Form => Cow::Owned(form(request.body)?.into_bytes()),
        })
    }
}

/// Whether a value can be told from what follows it.
pub(super) fn ends_before(next: &Part, value: &[u8]) -> bool {
    match next {
        Part::Literal(text) => !value.windows(text.len().max(1)).any(|piece| piece == text.as_bytes()),
        _ => value.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(byte)),
    }
}

fn address(request: &Presented<'_>) -> Result<String, Fault> {
    request.address().ok_or(Fault::Missing("url".into()))
}

fn path(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    rest.find('/').map_or("/", |at| &rest[at..])
}

fn headers(listed: &Name, time: &Name, request: &Presented<'_>) -> Result<String, Fault> {
    let list = Place::Header(listed.clone()).one(request)?;
    let mut names: Vec<_> = list.split(',').take(MOST_HEADERS).map(|name| name.trim().to_ascii_lowercase()).collect();
    if !names.iter().any(|name| name == time) {
        return Err(Fault::Malformed(format!("header {listed}").into()));
    }
    names.sort();
    if names.iter().any(|name| HeaderName::try_from(name).is_err()) {
        return Err(Fault::Malformed(format!("header {listed}").into()));
    }
    let values = names.iter().map(|name| {
        let value = Place::Header(name.clone().into()).one(request)?;
        Ok(format!("{name}:{}", value.trim()))
    });
    Ok(values.collect::<Result<Vec<_>, Fault>>()?.join(";"))
}

fn form(body: &[u8]) -> Result<String, Fault> {
    Ok(sorted_fields(body)?.iter().flat_map(|(name, value)| [&**name, &**value]).collect())
}

/// Its name and its value.
pub(crate) type Field<'a> = (Cow<'a, str>, Cow<'a, str>);

/// The fields of a form by their names, then values.
///
/// # Errors
/// There are more than any provider sends: nobody is proved yet who wants them sorted.
pub(crate) fn sorted_fields(form: &[u8]) -> Result<Vec<Field<'_>>, Fault> {
    let mut fields: Vec<_> = form_urlencoded::parse(form).take(MOST_FIELDS + 1).collect();
    if fields.len() > MOST_FIELDS {
        return Err(Fault::Malformed("the form".into()));
    }
    fields.sort_unstable();
    Ok(fields)
}
