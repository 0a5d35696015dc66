//! Genuine requests, made by the recipe that verifies them.

use http::{HeaderMap, HeaderName, Method};
use shared::schemes::Presented;
use shared::secret::Secret;
use shared::signature::{Key, Part, Place, Recipe, Unit};
use shared::timestamp::Timestamp;

pub const NOW: Timestamp = Timestamp(1_700_000_000_000);

pub struct Genuine {
    headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Genuine {
    /// With a body of about that many bytes; `None` if more must stand in it than text.
    pub fn of(recipe: &Recipe, secret: &str, size: usize) -> Option<Self> {
        let body = format!(r#"{{"id":"evt_1","type":"invoice.paid","data":"{}"}}"#, "x".repeat(size)).into_bytes();
        let mut genuine = Self { headers: HeaderMap::new(), body };
        if let Some(freshness) = &recipe.freshness {
            let text = match freshness.unit {
                Unit::Seconds | Unit::Either => "1700000000",
                Unit::Millis => "1700000000000",
                Unit::Iso => "2023-11-14T22:13:20Z",
                Unit::Http => "Tue, 14 Nov 2023 22:13:20 GMT",
            };
            match &freshness.place {
                Place::Header(name) => genuine.set(name, text),
                Place::Element { header, prefix, .. } => genuine.set(header, &format!("{prefix}{text}")),
                _ => return None,
            }
        }
        for part in &recipe.message {
            match part {
                Part::Value(Place::Header(name)) if !genuine.headers.contains_key(&**name) => genuine.set(name, "1"),
                Part::Value(Place::Header(_) | Place::Element { .. }) => {}
                Part::Body | Part::Literal(_) | Part::Method | Part::Url => {}
                _ => return None,
            }
        }
        let name = match &recipe.place {
            Place::Header(name) => name.to_string(),
            Place::Numbered { stem, .. } => format!("{stem}-1"),
            Place::AnyOf(names) => names.first()?.to_string(),
            _ => return None,
        };
        let key = Key::new(recipe.algorithm, &Secret::new(secret)).ok()?;
        let signature = genuine.presented(|request| recipe.sign(&key, request)).ok()?;
        // What stands there already is the signed time.
        let before = genuine.headers.get(&name).and_then(|said| said.to_str().ok()).zip(recipe.separator);
        let before = before.map(|(said, between)| format!("{said}{between}")).unwrap_or_default();
        genuine.set(&name, &format!("{before}{signature}"));
        Some(genuine)
    }

    fn set(&mut self, name: &str, value: &str) {
        let name: HeaderName = name.parse().expect("a name");
        self.headers.insert(name, value.parse().expect("a value"));
    }

    pub fn presented<T>(&self, look: impl FnOnce(&Presented<'_>) -> T) -> T {
        let url = Some("https://hooks.example.com/in/bench");
        look(&Presented { method: &Method::POST, url, ..Presented::of(&self.headers, &self.body) })
    }
}
