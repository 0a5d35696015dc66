//! The messages that a signature may be meant to be over.

use std::borrow::Cow;

use super::Difference;
use super::bodies::CHANGES;
use super::readings::Spelling;
use crate::schemes::Presented;
use crate::signature::{Part, Place, Recipe};

pub(super) struct Message {
    parts: Vec<Part>,
    body: Option<Vec<u8>>,
    /// The configured address, and whether the query follows it.
    url: Option<(String, bool)>,
    pub(super) otherwise: Option<Difference>,
}

impl Message {
    /// What is signed, in pieces; `None` if a part of it is not there.
    pub(super) fn pieces<'a>(&'a self, request: &Presented<'a>) -> Option<Vec<Cow<'a, [u8]>>> {
        let (url, query) = match &self.url {
            Some((url, true)) => (Some(&**url), request.query),
            Some((url, false)) => (Some(&**url), None),
            None => (request.url, request.query),
        };
        let request = Presented { body: self.body.as_deref().unwrap_or(request.body), url, query, ..*request };
        let piece = |part: &'a Part| part.bytes(&request).ok().map(|bytes| Cow::Owned(bytes.into_owned()));
        self.parts.iter().map(piece).collect()
    }
}

/// As it is configured first.
pub(super) fn all(recipe: &Recipe, request: &Presented<'_>) -> Vec<Message> {
    let parts = &recipe.message;
    let of = |parts: Vec<Part>| Message { parts, body: None, url: None, otherwise: None };
    let mut all = vec![of(parts.clone())];
    if parts.contains(&Part::Body) {
        all.extend(CHANGES.iter().filter_map(|(words, undo)| {
            let otherwise = Some(Difference::new(format!("the body {words}")));
            Some(Message { body: Some(undo(request.body)?), otherwise, ..of(parts.clone()) })
        }));
    }
    let others = without_one(parts).into_iter().chain(body_alone(parts)).chain(with_time(parts, request));
    all.extend(others.map(|(parts, otherwise)| Message { otherwise: Some(otherwise), ..of(parts) }));
    if let Some(url) = request.url.filter(|_| parts.contains(&Part::Url)) {
        all.extend(urls(url, request.query).into_iter().map(|(url, has_query, words)| {
            let setting = Difference::new(format!("the address is {words}")).by("url", &url);
            Message { url: Some((url, has_query)), otherwise: Some(setting), ..of(parts.clone()) }
        }));
    }
    all
}

fn without_one(parts: &[Part]) -> Vec<(Vec<Part>, Difference)> {
    let without = |at: usize| {
        let rest = parts.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, part)| part.clone());
        (rest.collect(), Difference::new(format!("{} is not signed", name(&parts[at]))))
    };
    if parts.len() < 2 { Vec::new() } else { (0..parts.len()).map(without).collect() }
}

fn body_alone(parts: &[Part]) -> Option<(Vec<Part>, Difference)> {
    let is_one_of_more = parts.len() > 2 && parts.contains(&Part::Body);
    is_one_of_more.then(|| (vec![Part::Body], Difference::new("the body alone is signed").by("message", "\"{body}\"")))
}

/// More headers are not taken for times.
const MOST_TIMES: usize = 3;

/// A time before a body that was thought to be signed alone.
fn with_time(parts: &[Part], request: &Presented<'_>) -> Vec<(Vec<Part>, Difference)> {
    if parts != [Part::Body] {
        return Vec::new();
    }
    let names = request.headers.keys().map(|name| name.as_str()).filter(|name| name.contains("time"));
    let between = |name: &str, between: &'static str| {
        let value = Part::Value(Place::Header(name.to_owned().into()));
        let parts = [Some(value), (!between.is_empty()).then(|| Part::literal(between)), Some(Part::Body)];
        let message = format!("\"{{header:{name}}}{between}{{body}}\"");
        let words = match between {
            "" => format!("header {name} is signed before the body"),
            mark => format!("header {name} and \"{mark}\" are signed before the body"),
        };
        (parts.into_iter().flatten().collect(), Difference::new(words).by("message", message))
    };
    names.take(MOST_TIMES).flat_map(|name| ["", ".", ":"].map(|mark| between(name, mark))).collect()
}

/// How else an address may be written, in words that follow "the address is".
pub(super) const SPELLINGS: [(&str, Spelling); 4] = [
    ("written without the slash at its end", |url| edited(url, |base| base.strip_suffix('/').map(str::to_owned))),
    ("written with a slash at its end", |url| edited(url, |base| (!base.ends_with('/')).then(|| format!("{base}/")))),
    ("written with https://", |url| url.strip_prefix("http://").map(|rest| format!("https://{rest}"))),
    ("written with http://", |url| url.strip_prefix("https://").map(|rest| format!("http://{rest}"))),
];

/// What stands before the query, changed.
fn edited(url: &str, edit: fn(&str) -> Option<String>) -> Option<String> {
    let end = url.find('?').unwrap_or(url.len());
    edit(&url[..end]).map(|base| format!("{base}{}", &url[end..]))
}

fn urls(url: &str, query: Option<&str>) -> Vec<(String, bool, String)> {
    let written = SPELLINGS.iter().filter_map(|(words, spell)| Some((spell(url)?, true, (*words).to_owned())));
    let base = url.split_once('?').map_or(url, |(base, _)| base);
    let bare = (query.is_some() || base != url).then(|| (base.to_owned(), false, "signed without its query".into()));
    written.chain(bare).collect()
}

fn name(part: &Part) -> String {
    match part {
        Part::Body => "the body".into(),
        Part::Literal(text) => format!("{text:?}"),
        Part::Value(place) => place.name().into_owned(),
        Part::Segment { place, .. } => format!("{} in lower case", place.name()),
        Part::Form => "the form's fields".into(),
        Part::Method => "the method".into(),
        Part::Url => "the address".into(),
        Part::Path => "the path".into(),
        Part::Headers { listed, .. } => format!("the headers that {listed} lists"),
    }
}
