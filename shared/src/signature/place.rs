//! Where in a request a value stands, and how it is read.

use std::borrow::Cow;

use http::HeaderMap;

use super::{Fault, Name};
use crate::pointer;
use crate::schemes::Presented;

/// Where in a request a value is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Header(Name),
    /// One or more of these headers.
    AnyOf(Vec<Name>),
    /// One of several headers: their names end with `-1`, `-2` … up to that number.
    Numbered {
        stem: Name,
        most: u8,
    },
    /// The rest of the one element that begins so, of a list in a header: `t=` of `t=1,v1=ab`. Without a
    /// prefix, the first.
    Element {
        header: Name,
        separator: char,
        prefix: Name,
    },
    Query(Name),
    /// A JSON pointer (RFC 6901) into the body.
    Pointer(Name),
    /// A field of a body that is a form.
    Field(Name),
}

/// Longer values are no signatures, times or names.
const LONGEST: usize = 4_096;

impl Place {
    pub fn header(name: &'static str) -> Self {
        Self::Header(name.into())
    }

    /// One or more of these headers.
    pub fn any_of<const N: usize>(names: [&'static str; N]) -> Self {
        Self::AnyOf(names.map(Name::from).into())
    }

    /// The rest of the element that begins so, of a list in a header.
    pub fn element(header: &'static str, separator: char, prefix: &'static str) -> Self {
        Self::Element { header: header.into(), separator, prefix: prefix.into() }
    }

    pub fn query(name: &'static str) -> Self {
        Self::Query(name.into())
    }

    pub fn pointer(pointer: &'static str) -> Self {
        Self::Pointer(pointer.into())
    }

    /// As the owner reads it in a reason.
    pub fn name(&self) -> Name {
        match self {
            Self::Header(name) => format!("header {name}").into(),
            Self::AnyOf(names) => format!("header {}", names.join(" or ")).into(),
            Self::Numbered { stem, .. } => format!("header {stem}-1").into(),
            Self::Element { header, prefix, .. } => format!("{prefix} in header {header}").into(),
            Self::Query(name) => format!("{name} in the query").into(),
            Self::Pointer(pointer) => format!("{pointer} in the body").into(),
            Self::Field(name) => format!("{name} in the form").into(),
        }
    }

    /// The headers that it may stand in; of numbered ones the stem.
    pub fn headers(&self) -> Vec<&str> {
        match self {
            Self::Header(name) | Self::Element { header: name, .. } | Self::Numbered { stem: name, .. } => vec![name],
            Self::AnyOf(names) => names.iter().map(|name| &**name).collect(),
            Self::Query(_) | Self::Pointer(_) | Self::Field(_) => Vec::new(),
        }
    }

    /// The parameter of the query that it stands in.
    pub fn parameter(&self) -> Option<&str> {
        match self {
            Self::Query(name) => Some(name),
            _ => None,
        }
    }

    pub fn is_in_body(&self) -> bool {
        matches!(self, Self::Pointer(_) | Self::Field(_))
    }

    /// The value that must stand there once.
    pub fn one<'a>(&self, request: &Presented<'a>) -> Result<Cow<'a, str>, Fault> {
        match self {
            Self::Header(name) => single(request.headers, name).map(Cow::Borrowed),
            Self::AnyOf(_) | Self::Numbered { .. } => {
                let mut found = self.all(request)?;
                found.pop().filter(|_| found.is_empty()).ok_or_else(|| Fault::Malformed(self.name()))
            }
            Self::Element { header, separator, prefix } => {
                let list = single(request.headers, header)?;
                let element = element(list, *separator, prefix).ok_or_else(|| Fault::Malformed(self.name()))?;
                Ok(Cow::Borrowed(element))
            }
            Self::Query(name) => self.pair(request.query.unwrap_or_default().as_bytes(), name),
            Self::Pointer(pointer) => match pointer::find(request.body, pointer) {
                Some(value) if value.len() <= LONGEST => Ok(Cow::Owned(value)),
                _ => Err(Fault::Missing(self.name())),
            },
            Self::Field(name) => self.pair(request.body, name),
        }
    }

    /// What stands there in a body that was proved genuine.
    pub fn read_body(&self, body: &[u8]) -> Option<String> {
        let headers = HeaderMap::new();
        self.one(&Presented::of(&headers, body)).ok().map(Cow::into_owned)
    }

    /// The values that stand there: one, but where there are several headers.
    pub(crate) fn all<'a>(&self, request: &Presented<'a>) -> Result<Vec<Cow<'a, str>>, Fault> {
        let found = match self {
            Self::AnyOf(names) => {
                let values = names.iter().map(|name| single(request.headers, name));
                let present = values.filter(|value| !matches!(value, Err(Fault::Missing(_))));
                present.map(|value| value.map(Cow::Borrowed)).collect::<Result<Vec<_>, _>>()?
            }
            Self::Numbered { stem, most } => {
                let numbered = request.headers.keys().filter(|name| is_numbered(name.as_str(), stem, *most));
                numbered
                    .map(|name| single(request.headers, name.as_str()).map(Cow::Borrowed))
                    .collect::<Result<_, _>>()?
            }
            _ => vec![self.one(request)?],
        };
        if found.is_empty() { Err(Fault::Missing(self.name())) } else { Ok(found) }
    }

    fn pair<'a>(&self, encoded: &'a [u8], name: &str) -> Result<Cow<'a, str>, Fault> {
        let mut values = form_urlencoded::parse(encoded).filter(|(key, _)| key == name).map(|(_, value)| value);
        let value = values.next().ok_or_else(|| Fault::Missing(self.name()))?;
        if values.next().is_some() || value.len() > LONGEST {
            return Err(Fault::Malformed(self.name()));
        }
        Ok(value)
    }
}

fn element<'a>(list: &'a str, separator: char, prefix: &str) -> Option<&'a str> {
    let mut elements = list.split(separator);
    if prefix.is_empty() {
        return elements.next();
    }
    let mut found = elements.filter_map(|element| element.trim().strip_prefix(prefix));
    found.next().filter(|_| found.next().is_none())
}

/// Whether that is the stem and `-1`, `-2` … up to the number.
fn is_numbered(name: &str, stem: &str, most: u8) -> bool {
    let number = name.strip_prefix(stem).and_then(|rest| rest.strip_prefix('-'));
    let number = number.filter(|text| !text.starts_with(['0', '+'])).and_then(|text| text.parse::<u8>().ok());
    number.is_some_and(|number| (1..=most).contains(&number))
}

/// The value of a header that must be there once.
fn single<'a>(headers: &'a HeaderMap, name: &str) -> Result<&'a str, Fault> {
    let called = || Name::Owned(format!("header {name}"));
    let mut values = headers.get_all(name).iter();
    let value = values.next().ok_or_else(|| Fault::Missing(called()))?;
    if values.next().is_some() {
        return Err(Fault::Malformed(called()));
    }
    value.to_str().map_err(|_| Fault::Malformed(called()))
}
