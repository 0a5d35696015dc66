//! An event as XML that can be read back exactly.
//!
//! The fields of an object are elements; those whose names no element may have are `<field name="…">`.
//! A list has an `<item>` for each of its values. What is no text says so: `type="number"`, `boolean`,
//! `null`, `object`, `array`, or `base64` for a text with characters that XML cannot carry.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::fields::Unfit;
use super::json::{Token, Tokens};
use crate::event::Event;

/// `<event>` with `type`, `timestamp` and `data`, or `data_base64` for what is no text.
pub(super) fn of(event: &Event, most: usize) -> Result<String, Unfit> {
    let mut xml = Xml { text: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<event>".into(), most, open: Vec::new() };
    xml.field("type", event.kind.as_str())?;
    xml.field("timestamp", &event.timestamp.precise())?;
    match std::str::from_utf8(&event.data.bytes) {
        Ok(json) if event.data.is_json() => xml.json(json)?,
        Ok(text) => xml.field("data", text)?,
        Err(_) => xml.field("data_base64", &STANDARD.encode(&event.data.bytes))?,
    }
    xml.text.push_str("</event>\n");
    Ok(xml.text)
}

struct Xml {
    text: String,
    most: usize,
    /// What ends each element that is open.
    open: Vec<String>,
}

impl Xml {
    fn field(&mut self, name: &str, value: &str) -> Result<(), Unfit> {
        let end = self.begin(name);
        self.words(value)?;
        self.end(&end)
    }

    fn json(&mut self, json: &str) -> Result<(), Unfit> {
        let mut tokens = Tokens::of(json).ok_or(Unfit::NoText)?;
        let mut named = Some(self.begin("data"));
        while let Some(token) = tokens.next()? {
            match token {
                Token::Name(name) => named = Some(self.begin(&name)),
                Token::End => {
                    let end = self.open.pop().unwrap_or_default();
                    self.end(&end)?;
                }
                value => {
                    let end = named.take().unwrap_or_else(|| self.begin("item"));
                    self.value(value, end)?;
                }
            }
        }
        Ok(())
    }

    fn value(&mut self, value: Token<'_>, end: String) -> Result<(), Unfit> {
        match value {
            Token::Object | Token::List => {
                self.say(if value == Token::Object { "object" } else { "array" });
                self.open.push(end);
                return Ok(());
            }
            Token::Text(text) => self.words(&text)?,
            Token::Number(number) => self.plain("number", number),
            Token::Truth(word) => self.plain("boolean", word),
            _ => self.say("null"),
        }
        self.end(&end)
    }

    /// Begins an element, all but the end of its tag. What ends the element.
    fn begin(&mut self, name: &str) -> String {
        if is_element(name) {
            self.text.extend(["<", name]);
            return format!("</{name}>");
        }
        if name.chars().all(is_allowed) {
            self.text.push_str("<field name=\"");
            self.escaped(name, &[('"', "&quot;"), ('\t', "&#9;"), ('\n', "&#10;")]);
        } else {
            self.text.extend(["<field base64=\"", &STANDARD.encode(name)]);
        }
        self.text.push('"');
        "</field>".into()
    }

    fn say(&mut self, kind: &str) {
        self.text.extend([" type=\"", kind, "\">"]);
    }

    fn plain(&mut self, kind: &str, value: &str) {
        self.say(kind);
        self.text.push_str(value);
    }

    fn words(&mut self, value: &str) -> Result<(), Unfit> {
        if self.text.len() + value.len() > self.most {
            return Err(Unfit::TooLarge);
        }
        if value.chars().all(is_allowed) {
            self.text.push('>');
            self.escaped(value, &[]);
        } else {
            self.plain("base64", &STANDARD.encode(value));
        }
        Ok(())
    }

    fn end(&mut self, end: &str) -> Result<(), Unfit> {
        self.text.push_str(end);
        if self.text.len() > self.most { Err(Unfit::TooLarge) } else { Ok(()) }
    }

    fn escaped(&mut self, value: &str, beside: &[(char, &str)]) {
        for character in value.chars() {
            let escape = ESCAPES.iter().chain(beside).find(|(escaped, _)| *escaped == character);
            match escape {
                Some((_, escape)) => self.text.push_str(escape),
                None => self.text.push(character),
            }
        }
    }
}

/// Readers take a bare carriage return for a line feed.
const ESCAPES: [(char, &str); 4] = [('<', "&lt;"), ('>', "&gt;"), ('&', "&amp;"), ('\r', "&#13;")];

/// Whether an element may have that name. XML allows more, and keeps those that begin with `xml` for itself.
fn is_element(name: &str) -> bool {
    let bytes = name.as_bytes();
    let begins = bytes.first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_');
    let ours = bytes.get(..3).is_none_or(|start| !start.eq_ignore_ascii_case(b"xml"));
    begins && ours && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(byte))
}

/// Whether XML 1.0 has the character at all.
fn is_allowed(character: char) -> bool {
    match character {
        '\t' | '\n' | '\r' => true,
        '\u{fffe}' | '\u{ffff}' => false,
        other => other >= ' ',
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Data, Digested};
    use crate::timestamp::Timestamp;

    fn event(content_type: &str, data: &[u8]) -> Event {
        let data = Data { content_type: content_type.into(), bytes: data.to_vec().into() };
        let (id, kind, digest) = ("e".parse().unwrap(), "order.created".parse().unwrap(), Digested(String::new()));
        let timestamp = Timestamp(1_763_810_840_705);
        Event {
            tenant: "t".into(),
            id,
            kind,
            timestamp,
            received: timestamp,
            channels: Vec::new(),
            data,
            digest,
            origin: None,
        }
    }

    /// What stands between the time and the end.
    fn data(event: &Event) -> String {
        let xml = of(event, 10_000).unwrap();
        let start = xml.find("</timestamp>").unwrap() + "</timestamp>".len();
        xml[start..].strip_suffix("</event>\n").unwrap().to_owned()
    }

    fn json(text: &str) -> String {
        data(&event("application/json", text.as_bytes()))
    }

    #[test]
    fn an_event_is_an_element_with_the_three_fields_of_the_envelope() {
        let expected = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<event><type>order.created</type>\
            <timestamp>2025-11-22T11:27:20.705Z</timestamp><data type=\"object\">\
            <order type=\"number\">17</order></data></event>\n";
        assert_eq!(of(&event("application/json", br#"{"order": 17}"#), 1_000).as_deref(), Ok(expected));
    }

    #[test]
    fn every_kind_of_value_is_told_apart_and_numbers_keep_their_text() {
        let text =
            r#"{"n": [19.90, 1E5, -0], "t": true, "z": null, "s": "", "l": [], "o": {}, "x": [{"a": "null"}, []]}"#;
        let expected = "<data type=\"object\"><n type=\"array\"><item type=\"number\">19.90</item>\
            <item type=\"number\">1E5</item><item type=\"number\">-0</item></n><t type=\"boolean\">true</t>\
            <z type=\"null\"></z><s></s><l type=\"array\"></l><o type=\"object\"></o>\
            <x type=\"array\"><item type=\"object\"><a>null</a></item><item type=\"array\"></item></x></data>";
        assert_eq!(json(text), expected);
        assert_eq!(json("19.90"), "<data type=\"number\">19.90</data>");
    }

    #[test]
    fn names_that_no_element_may_have_are_attributes() {
        let text =
            r#"{"a b": 1, "": 2, "xmlns": 3, "9": 4, "a:b": 5, "ü\"<\n": 6, "field": 7, "\u0000": 8, "a": 9, "a": 10}"#;
        let expected = "<data type=\"object\"><field name=\"a b\" type=\"number\">1</field>\
            <field name=\"\" type=\"number\">2</field><field name=\"xmlns\" type=\"number\">3</field>\
            <field name=\"9\" type=\"number\">4</field><field name=\"a:b\" type=\"number\">5</field>\
            <field name=\"ü&quot;&lt;&#10;\" type=\"number\">6</field><field type=\"number\">7</field>\
            <field base64=\"AA==\" type=\"number\">8</field><a type=\"number\">9</a><a type=\"number\">10</a></data>";
        assert_eq!(json(text), expected);
    }

    #[test]
    fn no_text_breaks_out_and_none_is_lost() {
        assert_eq!(
            json(r#""]]></data><x a='1'>&amp;\r\n\t""#),
            "<data>]]&gt;&lt;/data&gt;&lt;x a='1'&gt;&amp;amp;&#13;\n\t</data>"
        );
        assert_eq!(json(r#""\u0000\ufffe""#), "<data type=\"base64\">AO+/vg==</data>");
        assert_eq!(data(&event("text/plain", b"a<b\x1b")), "<data type=\"base64\">YTxiGw==</data>");
        assert_eq!(data(&event("text/plain", b"a<b")), "<data>a&lt;b</data>");
        assert_eq!(data(&event("image/png", b"\xff")), "<data_base64>/w==</data_base64>");
        assert_eq!(of(&event("application/json", br#"["\ud83d"]"#), 1_000), Err(Unfit::NoText));
    }

    #[test]
    fn what_grows_beyond_bounds_is_refused_and_the_largest_event_is_not_if_it_fits() {
        let of = |json: String| of(&event("application/json", json.as_bytes()), 8 << 20);
        assert_eq!(of(format!("[{}1]", "1,".repeat(1_000_000))), Err(Unfit::TooLarge));
        assert_eq!(of(format!("{{\"{}\": 1}}", "k".repeat(4_000_000))).map(|_| ()), Ok(()));
        let deep = format!("{}\"{}\"{}", "[".repeat(126), "x".repeat(4_000_000), "]".repeat(126));
        assert!(of(deep).is_ok());
    }
}
