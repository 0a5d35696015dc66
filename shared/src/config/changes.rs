//! What differs between two configurations: the plan that an owner is shown.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use super::spec::{SourceSpec, Spec};

/// What becomes of one source.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    pub source: String,
    pub change: Kind,
    /// The keys that differ, of a source that changes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Added,
    Changed,
    Removed,
}

impl Spec {
    /// What replacing `old` by this one does, by name. Secrets must be open in both, or sealed in both.
    pub fn changes_from(&self, old: &Self) -> Vec<Change> {
        let names: BTreeSet<&str> = self.source_names().chain(old.source_names()).collect();
        names.into_iter().filter_map(|name| change(name, old.source(name), self.source(name))).collect()
    }

    fn source(&self, name: &str) -> Option<&SourceSpec> {
        self.sources.as_ref()?.get(name)
    }
}

fn change(name: &str, old: Option<&SourceSpec>, new: Option<&SourceSpec>) -> Option<Change> {
    let (kind, keys) = match (old, new) {
        (None, _) => (Kind::Added, Vec::new()),
        (_, None) => (Kind::Removed, Vec::new()),
        (Some(old), Some(new)) => (Kind::Changed, differing(old, new)),
    };
    let same = kind == Kind::Changed && keys.is_empty();
    (!same).then(|| Change { source: name.to_owned(), change: kind, keys })
}

fn differing(old: &SourceSpec, new: &SourceSpec) -> Vec<String> {
    let (old, new) = (leaves(old), leaves(new));
    let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    keys.into_iter().filter(|key| old.get(*key) != new.get(*key)).cloned().collect()
}

/// Every value of a source by its key; those of `verify` and the like by both.
fn leaves(source: &SourceSpec) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    let Ok(Value::Object(keys)) = serde_json::to_value(source) else { return found };
    for (key, value) in keys {
        match value {
            Value::Object(inner) => {
                found.extend(inner.into_iter().map(|(name, value)| (format!("{key}.{name}"), value)))
            }
            value => {
                found.insert(key, value);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn spec(sources: Value) -> Spec {
        Spec::read(&json!({ "sources": sources }).to_string()).unwrap()
    }

    #[test]
    fn a_plan_names_what_is_added_changed_and_removed_and_what_is_not() {
        let source =
            |email: &str, secret: &str| json!({ "verify": { "scheme": "github", "secret": secret }, "email": email });
        let old = spec(json!({ "a": source("x@y.z", "1"), "b": source("x@y.z", "1"), "c": source("x@y.z", "1") }));
        let new = spec(json!({ "b": source("x@y.z", "2"), "c": source("x@y.z", "1"), "d": source("x@y.z", "1") }));
        let change = |source: &str, change, keys: &[&str]| Change {
            source: source.into(),
            change,
            keys: keys.iter().map(|key| (*key).to_owned()).collect(),
        };
        let expected = [
            change("a", Kind::Removed, &[]),
            change("b", Kind::Changed, &["verify.secret"]),
            change("d", Kind::Added, &[]),
        ];
        assert_eq!(new.changes_from(&old), expected);
        assert_eq!(new.changes_from(&new), []);
    }
}
