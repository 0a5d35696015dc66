//! A webhook to be signed, and the ways in which a stranger may alter it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, Method};
use serde_json::{Value, json};
use shared::schemes::Presented;

use crate::harness::{Answer, Hookpost};

/// Where the provider thinks that its webhooks go.
pub const HOME: &str = "https://hooks.example.com";

#[derive(Clone, Debug)]
pub struct Request {
    /// Path and query, as the provider calls them.
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn new(target: &str, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("content-type".to_owned(), content_type.to_owned())];
        Self { target: target.to_owned(), headers, body: body.into() }
    }

    pub fn set(&mut self, name: &str, value: &str) {
        let name = name.to_lowercase();
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.to_owned()));
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn url(&self) -> String {
        format!("{HOME}{}", self.target)
    }

    pub fn to_json(&self) -> Value {
        let headers: serde_json::Map<_, _> =
            self.headers.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        let body = STANDARD.encode(&self.body);
        json!({ "method": "POST", "url": self.url(), "headers": headers, "body_base64": body })
    }

    /// As our schemes see it.
    pub fn presented<T>(&self, look: impl FnOnce(&Presented<'_>) -> T) -> T {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let name: HeaderName = name.parse().expect("a name");
            headers.append(name, value.parse().expect("a value"));
        }
        let url = self.url();
        let (url, query) = url.split_once('?').map_or((&*url, None), |(url, query)| (url, Some(query)));
        look(&Presented { method: &Method::POST, query, url: Some(url), ..Presented::of(&headers, &self.body) })
    }

    #[track_caller]
    pub fn post(&self, hookpost: &Hookpost) -> Answer {
        let headers: Vec<_> = self.headers.iter().map(|(name, value)| (&**name, &**value)).collect();
        hookpost.post(&self.target, &headers, &self.body)
    }

    /// The same with one letter of that text in the body made another.
    pub fn with_body_altered(&self, at: &str) -> Self {
        let text = String::from_utf8(self.body.clone()).expect("text");
        let found = text.find(at).unwrap_or_else(|| panic!("no {at} in {text}"));
        let mut altered = self.clone();
        altered.body[found] ^= 1;
        altered
    }

    /// The same with the last letter of its query made another.
    pub fn with_query_altered(&self) -> Self {
        let mut target = self.target.clone().into_bytes();
        *target.last_mut().expect("a path") ^= 1;
        Self { target: String::from_utf8(target).expect("text"), ..self.clone() }
    }

    /// The same with one byte of that header made another that it may hold, too.
    pub fn with_header_altered(&self, name: &str) -> Self {
        let mut altered = self.clone();
        let header = altered.headers.iter_mut().find(|(known, _)| known == name).expect("a header");
        let mut value = std::mem::take(&mut header.1).into_bytes();
        let middle = value.len() / 2;
        value[middle] = if value[middle] == b'1' { b'2' } else { b'1' };
        header.1 = String::from_utf8(value).expect("text");
        altered
    }
}
