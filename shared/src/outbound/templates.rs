//! Event → the headers that are made of it. Its data is read as far as a template asks for it.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use minijinja::value::{Enumerator, Object, ObjectRepr, Value};
use minijinja::{Error, ErrorKind};

use super::json::{Token, Tokens};
use super::open::Open;
use super::write::Unwritable;
use crate::event::Event;

const LONGEST_VALUE: usize = 4_096;

/// A longer text is of no use in a header.
const LONGEST_TEXT: usize = 64 << 10;

/// Of longer lists only single items can be picked.
const LONGEST_LIST: usize = 1_000;

pub(super) fn headers(open: &Open) -> Result<Vec<(HeaderName, HeaderValue)>, Unwritable> {
    let mut headers = Vec::new();
    if open.endpoint.templates.is_empty() {
        return Ok(headers);
    }
    let (event, endpoint) = (Arc::clone(&open.event), open.endpoint.name.clone());
    let values = Value::from_object(Values { event, endpoint, attempt: open.turn.number, data: OnceLock::new() });
    for (name, template) in &open.endpoint.templates {
        let cannot = |why: &dyn std::fmt::Display| Unwritable(format!("the header {name}: {why}"));
        let Some(text) = template.fill(values.clone()).map_err(|unfilled| cannot(&unfilled))? else { continue };
        headers.push((name.clone(), value(&text).map_err(|why| cannot(&why))?));
    }
    Ok(headers)
}

fn value(text: &str) -> Result<HeaderValue, &'static str> {
    if text.len() > LONGEST_VALUE {
        return Err("its value is longer than 4096 bytes");
    }
    HeaderValue::from_bytes(text.as_bytes()).map_err(|_| "its value holds characters that a header cannot carry")
}

/// What templates may name.
#[derive(Debug)]
struct Values {
    event: Arc<Event>,
    endpoint: String,
    attempt: u32,
    /// Read once, for all headers.
    data: OnceLock<Option<Value>>,
}

impl Object for Values {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let event = &self.event;
        Some(match key.as_str()? {
            "id" => event.id.as_str().into(),
            "type" => event.kind.as_str().into(),
            "timestamp" => event.timestamp.precise().into(),
            "tenant" => (&*event.tenant).into(),
            "endpoint" => (&*self.endpoint).into(),
            "channels" => event.channels.iter().map(|channel| Value::from(&**channel)).collect(),
            "attempt" => self.attempt.into(),
            "data" => self.data.get_or_init(|| data(event)).clone()?,
            _ => return None,
        })
    }
}

/// Bytes that are no text are nothing to a template.
fn data(event: &Event) -> Option<Value> {
    let text = std::str::from_utf8(&event.data.bytes).ok()?;
    if !event.data.is_json() {
        return Some(words(text));
    }
    Tokens::of(text)?;
    json(&event.data.bytes, text)
}

fn words(text: &str) -> Value {
    if text.len() > LONGEST_TEXT { too_much() } else { text.into() }
}

/// A value that is an error as soon as it is used.
fn too_much() -> Value {
    Error::new(ErrorKind::InvalidOperation, "there is too much of it").into()
}

/// A value of JSON: `within` holds `text`. Numbers that would lose digits are texts.
fn json(within: &Bytes, text: &str) -> Option<Value> {
    Some(match Tokens::inside(text).next() {
        Ok(Some(Token::Text(text))) => words(&text),
        Ok(Some(Token::Number(number))) => whole(number).unwrap_or_else(|| words(number)),
        Ok(Some(Token::Truth(word))) => (word == "true").into(),
        Ok(Some(Token::Null)) => ().into(),
        Ok(Some(_)) => {
            let start = text.len() - text.trim_start_matches([' ', '\t', '\r', '\n', ',', ':']).len();
            Value::from_object(Part { text: within.slice_ref(&text.as_bytes()[start..]) })
        }
        Ok(None) => return None,
        Err(_) => too_much(),
    })
}

fn whole(number: &str) -> Option<Value> {
    number.parse::<i64>().ok().filter(|_| number != "-0").map(Value::from)
}

/// An object or a list of the data.
#[derive(Debug)]
struct Part {
    text: Bytes,
}

impl Part {
    fn text(&self) -> &str {
        std::str::from_utf8(&self.text).unwrap_or_default()
    }

    fn is_object(&self) -> bool {
        self.text.starts_with(b"{")
    }

    /// The last member of that name: readers of JSON take the last.
    fn member(&self, wanted: &str) -> Option<&str> {
        let (mut tokens, mut found) = (self.inside(), None);
        loop {
            let name = match tokens.next() {
                Ok(Some(Token::Name(name))) => Some(name),
                // Half a character: nobody can ask for it.
                Err(_) => None,
                Ok(_) => return found,
            };
            let value = tokens.skip();
            if name.is_some_and(|name| name == wanted) {
                found = Some(value);
            }
        }
    }

    fn items(&self) -> impl Iterator<Item = &str> {
        let mut tokens = self.inside();
        std::iter::from_fn(move || (!tokens.ends_here()).then(|| tokens.skip()))
    }

    fn names(&self) -> impl Iterator<Item = Value> {
        let mut tokens = self.inside();
        std::iter::from_fn(move || {
            let Some(Token::Name(name)) = tokens.next().ok()? else { return None };
            tokens.skip();
            Some(words(&name))
        })
    }

    /// Past the bracket that it begins with.
    fn inside(&self) -> Tokens<'_> {
        let mut tokens = Tokens::inside(self.text());
        drop(tokens.next());
        tokens
    }
}

impl Object for Part {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        if self.is_object() { ObjectRepr::Map } else { ObjectRepr::Seq }
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let text = match key.as_str() {
            Some(name) if self.is_object() => self.member(name)?,
            None if !self.is_object() => self.items().nth(key.as_usize()?)?,
            _ => return None,
        };
        json(&self.text, text)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let all: Vec<Value> = match self.is_object() {
            true => self.names().take(LONGEST_LIST + 1).collect(),
            false => self.items().filter_map(|text| json(&self.text, text)).take(LONGEST_LIST + 1).collect(),
        };
        if all.len() > LONGEST_LIST { Enumerator::NonEnumerable } else { Enumerator::Values(all) }
    }

    /// As it was written.
    fn render(self: &Arc<Self>, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.text.len() > LONGEST_TEXT { Err(std::fmt::Error) } else { f.write_str(self.text()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Data, Digested};
    use crate::template::Template;
    use crate::timestamp::Timestamp;

    fn fill(template: &str, data: &str) -> Result<Option<String>, String> {
        let data = Data::json(data.to_owned());
        let event = Event {
            tenant: "acme".into(),
            id: "order-7".parse().unwrap(),
            kind: "order.created".parse().unwrap(),
            timestamp: Timestamp(1_763_810_840_705),
            received: Timestamp(0),
            channels: vec!["eu".into(), "b2b".into()],
            data,
            digest: Digested(String::new()),
            origin: None,
        };
        let data = self::data(&event);
        let values = minijinja::context! { id => "order-7", data };
        Template::read(template).unwrap().fill(values).map_err(|unfilled| unfilled.to_string())
    }

    #[test]
    fn numbers_keep_their_text() {
        for number in ["19.90", "12345678901234567890123", "1E5", "-0", "17", "-9223372036854775808", "0.10"] {
            assert_eq!(fill("{{ data.n }}", &format!(r#"{{"n": {number}}}"#)), Ok(Some(number.into())));
        }
        assert_eq!(fill("{{ data.p|float|round(1) }}", r#"{"p": 19.94}"#), Ok(Some("19.9".into())));
    }

    #[test]
    fn what_lies_deep_is_picked_by_name_and_place() {
        let data =
            r#" { "a" : [ 1 , {"b c": [true, null, "x"]}, "" ] , "d": {"e": 1, "e": {"f": "last"}} , "\u00fc": 2} "#;
        let filled = |template: &str| fill(template, data);
        assert_eq!(
            filled("{{ data.a[0] }} {{ data.a[1]['b c'][2] }} {{ data.d.e.f }} {{ data['ü'] }}"),
            Ok(Some("1 x last 2".into()))
        );
        assert_eq!(
            filled("{{ data.a|length }} {{ data|length }} {{ data.a|first }} {{ data.a[1]['b c'][0] }}"),
            Ok(Some("3 3 1 true".into()))
        );
        assert_eq!(
            filled("{{ data.d }} {{ data.a[1] }}"),
            Ok(Some(r#"{"e": 1, "e": {"f": "last"}} {"b c": [true, null, "x"]}"#.into()))
        );
        for nothing in
            ["{{ data.a[9] }}", "{{ data.a.b }}", "{{ data.d.g.h }}", "{{ data[0] }}", "{{ data.a[1]['b c'][1] }}"]
        {
            assert_eq!(filled(nothing), Ok(None), "{nothing}");
        }
    }

    #[test]
    fn there_is_no_end_of_data_that_a_template_could_ask_for() {
        let long = format!(r#"{{"t": "{}", "l": [{}1]}}"#, "x".repeat(70_000), "1,".repeat(2_000));
        for template in ["{{ data }}", "{{ data.t }}", "{{ data.t|upper }}", "{{ data.l|join }}"] {
            let problem = fill(template, &long).unwrap_err();
            assert!(problem.starts_with("its template does not fit the event"), "{problem}");
        }
        assert_eq!(fill("{{ data.l[2000] }}", &long), Ok(Some("1".into())));
        assert_eq!(
            fill("{{ data.half }}", r#"{"half": "\ud83d"}"#).unwrap_err(),
            "its template does not fit the event (invalid operation)"
        );
    }

    #[test]
    fn no_value_breaks_out_of_its_header() {
        assert!(
            value("a\r\nX-Evil: 1").is_err()
                && value("a\nb").is_err()
                && value("a\0").is_err()
                && value("\u{7f}").is_err()
        );
        assert!(value(&"x".repeat(4_097)).is_err() && value(&"x".repeat(4_096)).is_ok());
        assert_eq!(value("Köln\t☃").unwrap().as_bytes(), "Köln\t☃".as_bytes());
    }
}
