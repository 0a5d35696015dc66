//! What differs between two configurations: the plan that an owner is shown.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use super::spec::Spec;

/// What becomes of one source or endpoint.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    #[serde(flatten)]
    pub of: Subject,
    pub change: Kind,
    /// The keys that differ, of what changes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<String>,
}

/// What a change is of, by name.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Subject {
    Source(String),
    Endpoint(String),
    /// All of them.
    Limits(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Added,
    Changed,
    Removed,
}

impl Spec {
    /// What replacing `old` by this one does, sources first, by name, limits last. Secrets must be open in both, or
    /// sealed in both.
    pub fn changes_from(&self, old: &Self) -> Vec<Change> {
        let sources = differences(Subject::Source, old.sources.as_ref(), self.sources.as_ref());
        let endpoints = differences(Subject::Endpoint, old.endpoints.as_ref(), self.endpoints.as_ref());
        let limits = |spec: &Self| spec.limits.clone().map(|limits| BTreeMap::from([("all".to_owned(), limits)]));
        let limits = differences(Subject::Limits, limits(old).as_ref(), limits(self).as_ref());
        sources.into_iter().chain(endpoints).chain(limits).collect()
    }
}

fn differences<T: Serialize>(
    of: fn(String) -> Subject,
    old: Option<&BTreeMap<String, T>>,
    new: Option<&BTreeMap<String, T>>,
) -> Vec<Change> {
    let names: BTreeSet<&String> = old.into_iter().chain(new).flat_map(BTreeMap::keys).collect();
    let entry = |all: Option<&BTreeMap<String, T>>, name: &str| all.and_then(|all| all.get(name)).map(leaves);
    let change = |name: &String| Change::between(of(name.clone()), entry(old, name), entry(new, name));
    names.into_iter().filter_map(change).collect()
}

impl Change {
    fn between(of: Subject, old: Option<Leaves>, new: Option<Leaves>) -> Option<Self> {
        let (change, keys) = match (old, new) {
            (None, _) => (Kind::Added, Vec::new()),
            (_, None) => (Kind::Removed, Vec::new()),
            (Some(old), Some(new)) => (Kind::Changed, differing(&old, &new)),
        };
        let same = change == Kind::Changed && keys.is_empty();
        (!same).then_some(Self { of, change, keys })
    }
}

fn differing(old: &Leaves, new: &Leaves) -> Vec<String> {
    let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    keys.into_iter().filter(|key| old.get(*key) != new.get(*key)).cloned().collect()
}

/// Every value by its key; those of `verify` and the like by all keys that lead there.
type Leaves = BTreeMap<String, Value>;

fn leaves(of: &impl Serialize) -> Leaves {
    let mut found = Leaves::new();
    if let Ok(Value::Object(keys)) = serde_json::to_value(of) {
        keys.into_iter().for_each(|(key, value)| collect(key, value, &mut found));
    }
    found
}

fn collect(key: String, value: Value, found: &mut Leaves) {
    match value {
        Value::Object(inner) => {
            inner.into_iter().for_each(|(name, value)| collect(format!("{key}.{name}"), value, found))
        }
        value => {
            found.insert(key, value);
        }
    }
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
            of: Subject::Source(source.into()),
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

    #[test]
    fn a_plan_names_endpoints_after_sources() {
        let of = |endpoints: Value| Spec::read(&json!({ "endpoints": endpoints }).to_string()).unwrap();
        let endpoint = |password: &str, header: &str| {
            let auth = json!({ "basic": { "user": "u", "password": password } });
            json!({ "url": "https://a.example/", "headers": { "X-Key": header }, "auth": auth })
        };
        let old = of(json!({ "a": endpoint("1", "1"), "b": endpoint("1", "1") }));
        let new = of(json!({ "b": endpoint("2", "2"), "c": endpoint("1", "1") }));
        let expected = json!([
            { "endpoint": "a", "change": "removed" },
            { "endpoint": "b", "change": "changed", "keys": ["auth.basic.password", "headers.X-Key"] },
            { "endpoint": "c", "change": "added" },
        ]);
        assert_eq!(serde_json::to_value(new.changes_from(&old)).unwrap(), expected);
        let both = Spec::read(&json!({ "sources": { "z": {} }, "endpoints": { "a": {} } }).to_string()).unwrap();
        let changes = serde_json::to_value(both.changes_from(&Spec::default())).unwrap();
        let expected = json!([{ "source": "z", "change": "added" }, { "endpoint": "a", "change": "added" }]);
        assert_eq!(changes, expected);
    }
}
