//! Why a signature does not fit: what would have to be otherwise, found by trying.

mod bodies;
mod messages;
mod readings;
mod shown;

use std::fmt;

use super::words::{UNITS, word};
use super::{Fetched, Presented, Verifier};
use crate::secret::Secret;
use crate::signature::{Recipe, Unit};
use crate::timestamp::Timestamp;
use messages::Message;
use readings::Reading;
use shown::Shown;

/// One thing that would have to be otherwise. It shows no secret, no body and no signature that would fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Follows "it fits if", like `the body ends without its line break`.
    pub otherwise: String,
    /// What the scheme `hmac` is told in that case, like `key: base64`, where it can be told.
    pub setting: Option<String>,
}

/// How much is tried: so many bytes are hashed at most, and no body is looked at that is longer than a 32nd part.
#[derive(Clone, Copy, Debug)]
pub struct Effort(usize);

impl Effort {
    /// Some milliseconds, for bodies up to 64 KB.
    pub const LITTLE: Self = Self(2 << 20);
    /// Whatever may help, while somebody waits for it.
    pub const ALL: Self = Self(1 << 30);

    const SHARE: usize = 32;
}

impl Difference {
    fn new(otherwise: impl Into<String>) -> Self {
        Self { otherwise: otherwise.into(), setting: None }
    }

    fn by(self, key: &str, value: impl fmt::Display) -> Self {
        Self { setting: Some(format!("{key}: {value}")), ..self }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.otherwise)
    }
}

/// What would have to be otherwise, all of it together, the least that was found. Empty if nothing that was
/// tried fits, or if it fits as it is.
pub(super) fn differences(
    recipe: &Recipe,
    secrets: &[Secret],
    request: &Presented<'_>,
    now: Timestamp,
    Effort(mut left): Effort,
) -> Vec<Difference> {
    let shown = shown::all(recipe, request);
    if shown.is_empty() || request.body.len() > left / Effort::SHARE {
        return Vec::new();
    }
    let signatures: Vec<_> = shown.iter().map(|shown| shown.bytes.clone()).collect();
    let (readings, messages) = (readings::all(recipe.algorithm, secrets), messages::all(recipe, request));
    let mut pairs: Vec<_> = readings.iter().flat_map(|one| messages.iter().map(move |other| (one, other))).collect();
    pairs.sort_by_key(|(reading, message)| reading.otherwise.len() + usize::from(message.otherwise.is_some()));
    for (reading, message) in pairs {
        let Some(pieces) = message.pieces(request) else { continue };
        let length: usize = pieces.iter().map(|piece| piece.len()).sum();
        let Some(rest) = left.checked_sub(length + 64) else { break };
        left = rest;
        if reading.key.fits(&pieces, &signatures) {
            let fitting = shown.iter().find(|shown| reading.key.fits(&pieces, std::slice::from_ref(&shown.bytes)));
            return told(fitting, reading, message, unit(recipe, request, now));
        }
    }
    Vec::new()
}

/// The same for schemes of which no more is known than whether they are satisfied: the first thing that
/// would do alone.
pub(super) fn by_trying(
    verifier: &Verifier,
    request: &Presented<'_>,
    now: Timestamp,
    Effort(most): Effort,
) -> Vec<Difference> {
    let fits =
        |verifier: &Verifier, request: &Presented<'_>| verifier.verify(request, &Fetched::default(), now).is_ok();
    if request.body.len() > most / Effort::SHARE || fits(verifier, request) {
        return Vec::new();
    }
    let secrets = readings::SPELLINGS.iter().filter_map(|(words, spell)| {
        let other = verifier.with_other_secrets(spell)?;
        fits(&other, request).then(|| Difference::new(format!("the secret {words}")))
    });
    let addresses = messages::SPELLINGS.iter().filter_map(|(words, spell)| {
        let other = verifier.with_other_url(spell)?;
        fits(&other, request).then(|| Difference::new(format!("the address is {words}")))
    });
    let bodies = bodies::CHANGES.iter().filter_map(|(words, undo)| {
        let body = undo(request.body)?;
        fits(verifier, &Presented { body: &body, ..*request }).then(|| Difference::new(format!("the body {words}")))
    });
    secrets.chain(addresses).chain(bodies).take(1).collect()
}

fn told(shown: Option<&Shown>, reading: &Reading, message: &Message, unit: Option<Difference>) -> Vec<Difference> {
    let shown = shown.into_iter().flat_map(|shown| shown.otherwise.clone());
    shown.chain(reading.otherwise.clone()).chain(message.otherwise.clone()).chain(unit).collect()
}

/// A time further from ours than this is no time, or one in another unit.
const PLAUSIBLE: u64 = 10 * 365 * 86_400_000;

/// The unit in which the signed time makes sense, where it makes none in its own.
fn unit(recipe: &Recipe, request: &Presented<'_>, now: Timestamp) -> Option<Difference> {
    let freshness = recipe.freshness.as_ref()?;
    let text = freshness.place.one(request).ok()?;
    let makes_sense = |unit: Unit| unit.read(&text).is_some_and(|time| time.abs_diff(now.0) < PLAUSIBLE);
    if makes_sense(freshness.unit) {
        return None;
    }
    let (_, unit) = UNITS.iter().find(|(_, unit)| makes_sense(*unit))?;
    let words = match unit {
        Unit::Seconds | Unit::Either => "the time is read as Unix seconds",
        Unit::Http => "the time is read as in the header Date",
        Unit::Millis => "the time is read as Unix milliseconds",
        Unit::Iso => "the time is read as ISO 8601",
    };
    Some(Difference::new(words).by("unit", word(UNITS, unit)))
}

#[cfg(test)]
mod tests;
