//! For anyone else: an HMAC whose parts the owner says.

mod message;
mod places;
mod read;
mod written;

use std::sync::Arc;

use super::by_recipe::ByRecipe;
use super::settings::SECRET;
use super::words::{DIGESTS, ENCODINGS, KEYS};
use super::{Proof, Prove, Scheme, Setting, Settings, Wrong};
use crate::signature::{Algorithm, Digest, Encoding, KeyForm, Part, Place, Recipe};
use read::{choice, letter, prefix};

pub use written::written;

const SETTINGS: [Setting; 11] = [
    SECRET,
    Setting::optional("header", "the header that holds the signature, like X-Acme-Signature, or a list of such"),
    Setting::optional("signature", "where the signature stands if that is no header of its own: { query: NAME } …"),
    Setting::optional("prefix", "what stands before the signature, like sha256="),
    Setting::optional("separator", "what stands between several signatures, like a comma"),
    Setting::optional("encoding", "how the signature is written: hex (default), base64 or base64url"),
    Setting::optional("digest", "sha256 (default), sha1 or sha512"),
    Setting::optional("key", "how the secret is written: text (default), base64, hex, whsec or sha1"),
    Setting::optional("message", "what is signed, like \"{timestamp}.{body}\"; the body alone by default"),
    Setting::optional("timestamp", "where the signed time stands: { header: NAME, unit: seconds, tolerance: 5m }"),
    Setting::optional("url", "the address of this source as the provider knows it, if it is signed"),
];

pub(super) fn row() -> Scheme {
    let page = "https://www.rfc-editor.org/rfc/rfc2104";
    let title = "anyone else's HMAC (you say what is signed and how)";
    Scheme::own(("hmac", title, page), &SETTINGS, Proof::Signed, make)
}

fn make(settings: &Settings) -> Result<Arc<dyn Prove>, Wrong> {
    ByRecipe::make(&recipe(settings)?, settings)
}

fn recipe(settings: &Settings) -> Result<Recipe, Wrong> {
    let freshness = places::freshness(settings)?;
    let message = message::read(settings, freshness.as_ref())?;
    let recipe = Recipe {
        place: place(settings)?,
        prefix: prefix(settings)?,
        separator: letter("separator", settings.value("separator"))?,
        encoding: choice("encoding", settings.value("encoding"), ENCODINGS, Encoding::Hex)?,
        algorithm: Algorithm::Hmac {
            digest: choice("digest", settings.value("digest"), DIGESTS, Digest::Sha256)?,
            key: choice("key", settings.value("key"), KEYS, KeyForm::Utf8)?,
        },
        second: None,
        message,
        freshness,
    };
    consistent(&recipe, settings)?;
    Ok(recipe)
}

fn place(settings: &Settings) -> Result<Place, Wrong> {
    match (settings.value("header"), settings.value("signature")) {
        (Some(name), None) => places::header("header", name),
        (None, Some(place)) => places::signature(place),
        (None, None) => Err(Wrong::new(
            "header",
            "is missing; it is the header that holds the signature, like X-Acme-Signature. \
             If it stands elsewhere, write signature: { query: NAME } or the like",
        )),
        (Some(_), Some(_)) => Err(Wrong::new("signature", "cannot be with header; write one of them")),
    }
}

/// What is signed must be able to prove something.
fn consistent(recipe: &Recipe, settings: &Settings) -> Result<(), Wrong> {
    let Recipe { message, place, .. } = recipe;
    let says_nothing = |part: &Part| matches!(part, Part::Literal(_) | Part::Method);
    if message.iter().all(says_nothing) {
        let problem = "would be the same for every webhook; name {body}, a header or another place of the request";
        return Err(Wrong::new("message", problem));
    }
    if place.is_in_body() && (recipe.covers_body() || message.contains(&Part::Form)) {
        return Err(Wrong::new("message", "cannot name {body} or {form}, for the signature itself stands there"));
    }
    match (message.contains(&Part::Url), settings.value("url").is_some()) {
        (true, false) => Err(Wrong::new(
            "url",
            "is missing; the message names {url}: the address of this source as the provider knows it",
        )),
        (false, true) => Err(Wrong::new("url", "has no meaning here, for the message does not name {url}")),
        _ => match &recipe.freshness {
            Some(freshness) if !is_signed(&freshness.place, message) => Err(Wrong::new(
                "timestamp",
                "is not signed, and a time that anyone can change proves nothing; name {timestamp} in the message",
            )),
            _ => Ok(()),
        },
    }
}

fn is_signed(time: &Place, message: &[Part]) -> bool {
    message.contains(&Part::Value(time.clone()))
        || (time.is_in_body() && message.contains(&Part::Body))
        || (matches!(time, Place::Field(_)) && message.contains(&Part::Form))
        || (matches!(time, Place::Query(_)) && message.contains(&Part::Url))
}

#[cfg(test)]
mod tests;
