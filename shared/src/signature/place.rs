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
    /// One of several headers: their names end with `-1`, `-2` … up to that number.
    Numbered {
        stem: Name,
        most: u8,
    },
    /// The rest of the element that begins so, of a list in a header: `t=` of `t=1,v1=ab`.
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

    pub fn pointer(pointer: &'static str) -> Self {
        Self::Pointer(pointer.into())
    }

    /// As the owner reads it in a reason.
    pub fn name(&self) -> Name {
        match self {
            Self::Header(name) => format!("header {name}").into(),
            Self::Numbered { stem, .. } => format!("header {stem}-1").into(),
            Self::Element { header, prefix, .. } => format!("{prefix} in header {header}").into(),
            Self::Query(name) => format!("{name} in the query").into(),
            Self::Pointer(pointer) => format!("{pointer} in the body").into(),
            Self::Field(name) => format!("{name} in the form").into(),
        }
    }

    pub fn is_in_body(&self) -> bool {
        matches!(self, Self::Pointer(_) | Self::Field(_))
    }

    /// The value that must stand there once.
    pub fn one<'a>(&self, request: &Presented<'a>) -> Result<Cow<'a, str>, Fault> {
        match self {
            Self::Header(name) => single(request.headers, name).map(Cow::Borrowed),
            Self::Numbered { stem, .. } => single(request.headers, &format!("{stem}-1")).map(Cow::Borrowed),
            Self::Element { header, separator, prefix } => {
                let mut elements = single(request.headers, header)?.split(*separator).map(str::trim);
                let found = elements.find_map(|element| element.strip_prefix(&**prefix));
                found.map(Cow::Borrowed).ok_or_else(|| Fault::Malformed(self.name()))
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

    /// The values that stand there: one, but for numbered headers.
    pub(super) fn all<'a>(&self, request: &Presented<'a>) -> Result<Vec<Cow<'a, str>>, Fault> {
        let Self::Numbered { stem, most } = self else { return self.one(request).map(|value| vec![value]) };
        let numbered = (1..=*most).map(|number| single(request.headers, &format!("{stem}-{number}")));
        let present = numbered.filter(|value| !matches!(value, Err(Fault::Missing(_))));
        let found: Vec<_> = present.map(|value| value.map(Cow::Borrowed)).collect::<Result<_, _>>()?;
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
