//! The signatures that a request may be meant to show.

use super::Difference;
use crate::schemes::Presented;
use crate::schemes::words::{ENCODINGS, word};
use crate::signature::{Algorithm, Encoding, Recipe};

pub(super) struct Shown {
    pub(super) bytes: Vec<u8>,
    pub(super) otherwise: Vec<Difference>,
}

/// More are not looked at.
const MOST: usize = 64;

/// What may stand between several.
const SEPARATORS: [char; 3] = [',', ' ', ';'];

/// As it is configured first.
pub(super) fn all(recipe: &Recipe, request: &Presented<'_>) -> Vec<Shown> {
    let mut found = Vec::new();
    let here = recipe.place.all(request).unwrap_or_default();
    let here = here.iter().map(|text| (None, text.to_string()));
    let headers = request.headers.iter().filter_map(|(name, value)| {
        let place = Difference::new(format!("it is taken from header {name}")).by("header", name);
        Some((Some(place), value.to_str().ok()?.to_owned()))
    });
    for (place, text) in here.chain(headers) {
        found.extend(readings(recipe, place.as_ref(), &text));
    }
    found.sort_by_key(|shown| shown.otherwise.len());
    found.truncate(MOST);
    found
}

fn readings(recipe: &Recipe, place: Option<&Difference>, text: &str) -> Vec<Shown> {
    let separators = SEPARATORS.into_iter().chain(recipe.separator).filter(|separator| text.contains(*separator));
    let list = separators.flat_map(|separator| {
        let otherwise = (Some(separator) != recipe.separator).then(|| {
            Difference::new(format!("it is one of a list with {separator:?} between"))
                .by("separator", quoted(separator))
        });
        text.split(separator).take(MOST).map(move |piece| (otherwise.clone(), piece.trim()))
    });
    let pieces = [(None, text)].into_iter().chain(list);
    let mut found = Vec::new();
    for (list, piece) in pieces {
        for (prefix, rest) in prefixes(recipe, piece) {
            for (_, encoding) in ENCODINGS {
                let Some(bytes) = encoding.decode(rest).filter(|bytes| may_be(recipe, bytes)) else { continue };
                let encoding = (*encoding != recipe.encoding).then(|| written(*encoding));
                let prefix = (prefix != recipe.prefix).then(|| begins(prefix));
                let otherwise = place.cloned().into_iter().chain(list.clone()).chain(prefix).chain(encoding).collect();
                found.push(Shown { bytes, otherwise });
            }
        }
    }
    found
}

/// What may stand before a signature, and what follows.
fn prefixes<'a>(recipe: &Recipe, piece: &'a str) -> Vec<(&'a str, &'a str)> {
    let marks = ['=', ',', ':', ' '].into_iter().filter_map(|mark| piece.find(mark));
    let configured = piece.strip_prefix(&*recipe.prefix).map(|_| recipe.prefix.len());
    let ends = [0].into_iter().chain(configured).chain(marks.map(|at| at + 1));
    ends.map(|end| piece.split_at(end)).collect()
}

fn may_be(recipe: &Recipe, bytes: &[u8]) -> bool {
    match recipe.algorithm {
        Algorithm::Hmac { .. } => [20, 32, 64].contains(&bytes.len()),
        Algorithm::Public { .. } => bytes.len() >= 64,
    }
}

fn begins(prefix: &str) -> Difference {
    let words = match prefix {
        "" => "nothing stands before it".to_owned(),
        prefix => format!("{prefix:?} stands before it"),
    };
    Difference::new(words).by("prefix", format!("{prefix:?}"))
}

fn written(encoding: Encoding) -> Difference {
    let words = match encoding {
        Encoding::Hex => "it is read as hexadecimal",
        Encoding::Base64 => "it is read as base64",
        Encoding::Base64Url => "it is read as base64url",
    };
    Difference::new(words).by("encoding", word(ENCODINGS, &encoding))
}

fn quoted(separator: char) -> String {
    format!("{:?}", separator.to_string())
}
