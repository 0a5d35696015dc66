//! Genuine requests, made from a row as its provider would make them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::{Map, Value, json};

use crate::schemes::{Check, Fetched, Presented, Proof, Scheme, Settings, Verifier};
use crate::secret::Secret;
use crate::signature::{Algorithm, Fault, Key, KeyForm, Part, Place, Recipe, Unit};
use crate::timestamp::Timestamp;

pub(super) const NOW: Timestamp = Timestamp(1_700_000_000_000);
pub(super) const URL: &str = "https://hooks.example.org/in/shop";
pub(super) const METHOD: Method = Method::POST;

/// A request, and what its owner configured.
#[derive(Clone)]
pub(super) struct Made {
    pub(super) scheme: &'static Scheme,
    pub(super) recipe: Recipe,
    pub(super) headers: HeaderMap,
    pub(super) query: Vec<(String, String)>,
    /// Fields that stand in the body, which is JSON or a form.
    pub(super) fields: Vec<(String, String)>,
    /// What else stands in the body.
    pub(super) text: String,
    /// A body as it is, whatever the fields.
    pub(super) body: Option<Vec<u8>>,
    pub(super) secret: String,
}

/// The rows by recipe whose secret also signs.
pub(super) fn all() -> impl Iterator<Item = Made> {
    crate::schemes::all().iter().filter_map(Made::of)
}

impl Made {
    fn of(scheme: &'static Scheme) -> Option<Self> {
        let Check::Recipe(recipe) = &scheme.check else { return None };
        let Algorithm::Hmac { key, .. } = recipe.algorithm else { return None };
        let made = Self {
            scheme,
            recipe: recipe.clone(),
            headers: HeaderMap::new(),
            query: vec![("a".into(), "1".into())],
            fields: Vec::new(),
            text: "17".into(),
            body: None,
            secret: secret(key, "the right one"),
        };
        Some(made.filled().at(NOW).signed())
    }

    /// With a value wherever one is signed.
    fn filled(mut self) -> Self {
        for part in self.recipe.message.clone() {
            match part {
                Part::Value(place) | Part::Segment { place, .. } => self.set(&place, "ID-1"),
                Part::Headers { listed, time } => {
                    self.set(&Place::Header("x-other".into()), "other");
                    self.set(&Place::Header(listed), &format!("x-other, {time}"));
                }
                _ => {}
            }
        }
        for place in self.scheme.delivery.iter().chain(&self.scheme.event) {
            if self.get(place).is_none() {
                self.set(place, "named");
            }
        }
        self
    }

    /// Signed at that time, so far as its provider says when it signs.
    pub(super) fn at(mut self, now: Timestamp) -> Self {
        if let Some(freshness) = &self.recipe.freshness {
            let (place, text) = (freshness.place.clone(), written(freshness.unit, now));
            self.set(&place, &text);
        }
        self
    }

    /// Signed as it stands, with its own secret.
    pub(super) fn signed(self) -> Self {
        let signature = self.signature();
        self.with_signature(&signature)
    }

    pub(super) fn signature(&self) -> String {
        let key = Key::new(self.recipe.algorithm, &Secret::new(self.secret.as_str())).unwrap();
        self.present(|request| self.recipe.sign(&key, request)).unwrap()
    }

    /// With that where the signature stands.
    pub(super) fn with_signature(mut self, signature: &str) -> Self {
        let place = self.recipe.place.clone();
        // What else stands in the same header stays.
        let before = match (&self.recipe.freshness, &place) {
            (Some(freshness), Place::Header(name)) => match &freshness.place {
                Place::Element { header, separator, prefix } if header == name => {
                    let time = self.get(&freshness.place).unwrap();
                    format!("{prefix}{time}{separator}")
                }
                _ => String::new(),
            },
            _ => String::new(),
        };
        self.set(&place, &format!("{before}{signature}"));
        self
    }

    pub(super) fn get(&self, place: &Place) -> Option<String> {
        self.present(|request| place.one(request).ok().map(|value| value.into_owned()))
    }

    pub(super) fn set(&mut self, place: &Place, value: &str) {
        match place {
            Place::Header(name) => self.set_header(name, value),
            Place::AnyOf(names) => self.set_header(&names[0], value),
            Place::Numbered { stem, .. } => self.set_header(&format!("{stem}-1"), value),
            Place::Element { header, prefix, .. } => self.set_header(header, &format!("{prefix}{value}")),
            Place::Query(name) => put(&mut self.query, name, value),
            Place::Pointer(name) | Place::Field(name) => put(&mut self.fields, name, value),
        }
    }

    fn set_header(&mut self, name: &str, value: &str) {
        let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
        self.headers.insert(HeaderName::try_from(name).unwrap(), value);
    }

    /// Without what stands there.
    pub(super) fn without(mut self, place: &Place) -> Self {
        match place {
            Place::Query(name) => self.query.retain(|(key, _)| key != name),
            Place::Pointer(name) | Place::Field(name) => self.fields.retain(|(key, _)| key != name),
            place => {
                self.headers.remove(&*header_name(place).unwrap());
            }
        }
        self
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        if let Some(body) = &self.body {
            return body.clone();
        }
        let has_fields = self.fields.iter().any(|(name, _)| !name.starts_with('/'));
        if has_fields || self.recipe.message.contains(&Part::Form) {
            let mut form = form_urlencoded::Serializer::new(String::new());
            form.extend_pairs([("z", self.text.as_str()), ("b", "é&="), ("b", "1")]).extend_pairs(&self.fields);
            return form.finish().into_bytes();
        }
        let mut body = json!({ "text": self.text });
        for (pointer, value) in &self.fields {
            let steps: Vec<_> = pointer.split('/').skip(1).collect();
            plant(&mut body, &steps, value);
        }
        body.to_string().into_bytes()
    }

    fn present<T>(&self, of: impl FnOnce(&Presented<'_>) -> T) -> T {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(&self.query);
        let (query, body) = (query.finish(), self.bytes());
        let shown = Presented::of(&self.headers, &body);
        of(&Presented { method: &METHOD, query: Some(&query), url: Some(URL), ..shown })
    }

    /// What its source makes of it, with those secrets, then.
    pub(super) fn verdict(&self, secrets: &[&str], now: Timestamp) -> Result<Proof, Fault> {
        let verifier = self.verifier(secrets, URL);
        self.present(|request| verifier.verify(request, &Fetched::default(), now))
    }

    pub(super) fn verifier(&self, secrets: &[&str], url: &str) -> Verifier {
        let secrets = secrets.iter().map(|secret| Secret::new(*secret)).collect();
        let wanted = self.scheme.settings.iter().any(|setting| setting.key == "url");
        let values = wanted.then(|| ("url".to_owned(), Value::from(url)));
        let settings = Settings::new([("secret".to_owned(), secrets)].into(), values.into_iter().collect());
        Verifier::new(self.scheme, settings).unwrap()
    }

    /// With its own secret, now.
    pub(super) fn now(&self) -> Result<Proof, Fault> {
        self.verdict(&[&self.secret], NOW)
    }

    pub(super) fn key(&self) -> KeyForm {
        match self.recipe.algorithm {
            Algorithm::Hmac { key, .. } => key,
            _ => unreachable!("only those are made"),
        }
    }
}

/// A secret as its provider would show it.
pub(super) fn secret(key: KeyForm, text: &str) -> String {
    match key {
        KeyForm::Utf8 | KeyForm::Sha1 => text.into(),
        KeyForm::Base64 => STANDARD.encode(text),
        KeyForm::Hex => hex::encode(text),
        KeyForm::Whsec => format!("whsec_{}", STANDARD.encode(text)),
    }
}

pub(super) fn written(unit: Unit, now: Timestamp) -> String {
    let then = time::OffsetDateTime::from_unix_timestamp(i64::try_from(now.seconds()).unwrap()).unwrap();
    match unit {
        Unit::Seconds => now.seconds().to_string(),
        Unit::Millis | Unit::Either => now.0.to_string(),
        Unit::Iso => then.format(&time::format_description::well_known::Rfc3339).unwrap(),
        Unit::Http => httpdate::fmt_http_date(then.into()),
    }
}

fn put(pairs: &mut Vec<(String, String)>, name: &str, value: &str) {
    pairs.retain(|(key, _)| key != name);
    pairs.push((name.to_owned(), value.to_owned()));
}

fn plant(at: &mut Value, steps: &[&str], value: &str) {
    let Some((first, rest)) = steps.split_first() else {
        *at = Value::from(value);
        return;
    };
    if *first == "0" {
        if !at.is_array() {
            *at = json!([{}]);
        }
        return plant(&mut at[0], rest, value);
    }
    if !at.is_object() {
        *at = Value::Object(Map::new());
    }
    plant(at.as_object_mut().unwrap().entry(*first).or_insert(Value::Null), rest, value);
}

/// The first header that it stands in.
pub(super) fn header_name(place: &Place) -> Option<String> {
    let first = place.headers().first()?.to_string();
    Some(if matches!(place, Place::Numbered { .. }) { format!("{first}-1") } else { first })
}
