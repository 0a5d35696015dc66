//! What was proved of a request that was written down, or what differs, for people.

use std::sync::Arc;

use shared::capture::Capture;
use shared::outside::Outside;
use shared::schemes::{Difference, Effort, Fetched, Proof, Verifier};
use shared::signature::Fault;
use shared::source::Source;
use shared::timestamp::Timestamp;

use super::subject::Subject;

/// A request and what it is judged by.
pub(super) struct Case<'a> {
    pub(super) subject: &'a Subject,
    pub(super) capture: &'a Capture,
    /// Where it was called, if somebody says so.
    pub(super) address: Option<&'a str>,
}

impl Case<'_> {
    /// What was proved, or why nothing was. A signature is judged whatever its time, which is judged strictly
    /// only where somebody said as of when.
    pub(super) fn judge(&self, now: Timestamp, is_strict: bool) -> Result<String, String> {
        let (verifier, shown) = (&self.subject.source.verifier, self.capture.presented());
        let judged = |at: Timestamp| verifier.verify(&shown, &Fetched::default(), at);
        let (untimely, then) = as_of(verifier, self.capture, now);
        let differences = || {
            let found = verifier.differences(&shown, now, Effort::ALL);
            if found.is_empty() { verifier.differences(&shown, then, Effort::ALL) } else { found }
        };
        let mut words = match (judged(then).map(proved), untimely) {
            (Ok(words), None) => return Ok(words),
            (Ok(words), Some(fault)) => {
                // Of what fits, only the unit of its time can differ.
                let unit = differences();
                if unit.is_empty() && !is_strict {
                    let then = format!("say --at {then} to judge it as of then");
                    return Ok(format!("{words}It is refused by now: {fault}; {then}.\n"));
                }
                return Err(format!("not proved: {fault}\nBut for its time: {words}{}", told(verifier, &unit)));
            }
            (Err(fault), None) => format!("not proved: {fault}\n"),
            (Err(fault), Some(time)) => format!("not proved: {fault}\nBesides: {time}\n"),
        };
        if let Some(wanted) = verifier.wants(&shown).first() {
            words += &format!("It takes a key of the provider, which is not fetched here: {}\n", Outside(&wanted.url));
        }
        let found = self.at_another_address(then).or_else(|| self.for_another_source(now));
        let found = found.unwrap_or_else(|| told(verifier, &differences()));
        words += &found;
        if let (true, Err(fault)) = (found.is_empty(), judged(then)) {
            words += &unexplained(self.capture, &fault);
        }
        Err(words)
    }

    /// The provider may know the source by the address that the request was sent to.
    fn at_another_address(&self, then: Timestamp) -> Option<String> {
        let named = self.address.map(str::to_owned);
        let candidates = named.into_iter().chain(self.capture.address());
        let fits = |address: &String| {
            let other = self.subject.source.verifier.with_other_url(|_| Some(address.clone()));
            other.is_some_and(|other| other.verify(&self.capture.presented(), &Fetched::default(), then).is_ok())
        };
        let address = candidates.into_iter().find(fits)?;
        Some(format!("It fits if the address is {0}.\nWrite  url: {0}\n", Outside(&address)))
    }

    fn for_another_source(&self, now: Timestamp) -> Option<String> {
        let fits = |other: &&Arc<Source>| {
            let verifier = &other.verifier;
            // Without a secret nothing was proved but where the caller is.
            let proves = verifier.kind() == Proof::Signed || !verifier.secrets().is_empty();
            let (_, then) = as_of(verifier, self.capture, now);
            proves && verifier.verify(&self.capture.presented(), &Fetched::default(), then).is_ok()
        };
        let other = self.subject.others.iter().find(fits)?;
        Some(format!("It is genuine for the source {}: was it sent to the wrong address?\n", other.name))
    }
}

/// What is wrong with the time that is signed, and when it would be right.
fn as_of(verifier: &Verifier, capture: &Capture, now: Timestamp) -> (Option<Fault>, Timestamp) {
    match verifier.verify(&capture.presented(), &Fetched::default(), now) {
        Err(fault @ Fault::TooOld(age)) => (Some(fault), Timestamp(now.seconds().saturating_sub(age) * 1_000)),
        Err(fault @ Fault::InFuture(wait)) => (Some(fault), Timestamp((now.seconds() + wait) * 1_000)),
        _ => (None, now),
    }
}

fn proved(proof: Proof) -> String {
    match proof {
        Proof::Signed => "signed: the body is as the sender made it\n".into(),
        Proof::Authenticated => "authenticated: the caller is known, but the body is not covered\n".into(),
    }
}

/// Words of headers by which providers prove themselves.
const TELLING: [&str; 6] = ["auth", "hmac", "sig", "token", "time", "secret"];

/// What would have to be otherwise, and what to write in that case.
fn told(verifier: &Verifier, differences: &[Difference]) -> String {
    if differences.is_empty() {
        return String::new();
    }
    let otherwise: Vec<_> = differences.iter().map(ToString::to_string).collect();
    let mut words = format!("It fits if {}.\n", otherwise.join(", and "));
    if verifier.schemes().iter().any(|scheme| scheme.name == "hmac") {
        let settings = differences.iter().filter_map(|difference| difference.setting.as_ref());
        words.extend(settings.map(|setting| format!("Write  {setting}\n")));
    }
    words
}

fn unexplained(capture: &Capture, fault: &Fault) -> String {
    match fault {
        Fault::Missing(_) | Fault::Absent => {
            let names = capture.headers.keys().map(http::HeaderName::as_str);
            let names: Vec<_> = names.filter(|name| TELLING.iter().any(|word| name.contains(word))).collect();
            match names.is_empty() {
                true => "No header of the request looks like a proof.\n".into(),
                false => format!("What looks like a proof stands in: {}\n", names.join(", ")),
            }
        }
        Fault::Mismatch | Fault::Malformed(_) => {
            "Nothing that was tried makes it fit: the secret is another one, or the body was changed.\n".into()
        }
        _ => String::new(),
    }
}
