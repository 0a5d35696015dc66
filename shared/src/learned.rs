//! A secret that was handed over: sealed for its source alone, and joined to it.

use std::sync::Arc;

use crate::seal::{Binding, Keys};
use crate::seam::{Answer, Learned, Taken, Unavailable};
use crate::secret::Secret;
use crate::source::Source;
use crate::timestamp::Timestamp;

fn binding(source: &str) -> Binding<'_> {
    Binding { kind: "source", name: source, field: "learned" }
}

/// As it is kept.
pub fn seal(keys: &Keys, source: &str, secret: &Secret, at: Timestamp) -> Answer<Taken> {
    let sealed = keys.seal(secret, binding(source)).map_err(|problem| unusable(source, &problem))?;
    Ok(Taken { sealed, at })
}

/// The secret, if one was taken.
pub fn open(keys: &Keys, source: &str, learned: Option<&Learned>) -> Answer<Option<Secret>> {
    let Some(taken) = learned.and_then(|learned| learned.taken.as_ref()) else { return Ok(None) };
    keys.open(&taken.sealed, binding(source)).map(Some).map_err(|problem| unusable(source, &problem))
}

/// The source as it is once it has that secret.
pub fn join(source: &Source, secret: Secret) -> Answer<Arc<Source>> {
    let verifier = source.verifier.with_learned(secret);
    let verifier = verifier.map_err(|wrong| unusable(&source.name, &format!("{} {}", wrong.key, wrong.problem)))?;
    Ok(Arc::new(Source { verifier, ..source.clone() }))
}

fn unusable(source: &str, problem: &dyn std::fmt::Display) -> Unavailable {
    Unavailable(format!("the secret that was handed to {source}: {problem}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_handed_to_one_source_opens_for_no_other() {
        let keys = Keys::one(Secret::new("k".repeat(64)));
        let taken = seal(&keys, "a", &Secret::new("handed over"), Timestamp(1)).unwrap();
        assert!(!taken.sealed.contains("handed"));
        let learned = Learned { until: Timestamp(2), taken: Some(taken) };
        assert_eq!(open(&keys, "a", Some(&learned)).unwrap().unwrap().expose(), "handed over");
        assert!(open(&keys, "b", Some(&learned)).is_err());
        assert_eq!(open(&keys, "a", Some(&Learned::default())).unwrap(), None);
        let elsewhere = Binding { kind: "source", name: "a", field: "verify.secret" };
        assert!(keys.open(&learned.taken.unwrap().sealed, elsewhere).is_err(), "nor in another field");
    }
}
