//! A body laid out for reading: nothing added but white space, nothing lost but what is cut.

use serde::de::IgnoredAny;

/// A text for people, and whether all of the body is in it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pretty {
    pub(super) text: String,
    pub(super) whole: bool,
}

/// Lays a body out in at most about `most` bytes. `None` if it is not UTF-8.
pub(super) fn pretty(body: &[u8], content_type: &str, most: usize) -> Option<Pretty> {
    let text = std::str::from_utf8(body).ok()?;
    if is_form(content_type) && text.contains('=') {
        return Some(form(text, most));
    }
    let is_json = serde_json::from_str::<IgnoredAny>(text).is_ok();
    Some(if is_json { json(text, most) } else { plain(text, most) })
}

fn is_form(content_type: &str) -> bool {
    let media = content_type.split(';').next().unwrap_or_default().trim();
    media.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// One line for each field, decoded.
fn form(text: &str, most: usize) -> Pretty {
    let mut lines = String::new();
    for (name, value) in form_urlencoded::parse(text.as_bytes()) {
        if lines.len() > most {
            break;
        }
        lines.push_str(&format!("{name}: {value}\n"));
    }
    plain(&lines, most)
}

fn plain(text: &str, most: usize) -> Pretty {
    let (cut, whole) = cut(text, most);
    // A mail knows one kind of line end; a lone CR has split mails in two.
    let lines = cut.replace("\r\n", "\n").replace('\r', "\n");
    let readable = |c: char| if c.is_control() && !matches!(c, '\n' | '\t') { '\u{fffd}' } else { c };
    Pretty { text: lines.chars().map(readable).collect(), whole }
}

fn cut(text: &str, most: usize) -> (&str, bool) {
    let end = text.floor_char_boundary(most);
    (&text[..end], end == text.len())
}

/// Valid JSON with each member on a line of its own. Numbers, key order and repeated keys stay as
/// they are written.
fn json(text: &str, most: usize) -> Pretty {
    let (mut out, mut depth, mut in_string, mut escaped) =
        (String::with_capacity(text.len() * 2), 0usize, false, false);
    let mut characters = text.trim().chars().peekable();
    while let Some(c) = characters.next() {
        if out.len() >= most {
            return Pretty { text: out, whole: false };
        }
        if in_string {
            in_string = escaped || c != '"';
            escaped = !escaped && c == '\\';
            out.push(c);
            continue;
        }
        match c {
            '"' => {
                in_string = true;
                out.push(c);
            }
            '{' | '[' => {
                out.push(c);
                while characters.next_if(|c| c.is_ascii_whitespace()).is_some() {}
                match characters.next_if(|c| matches!(c, '}' | ']')) {
                    Some(close) => out.push(close),
                    None => {
                        depth += 1;
                        line(&mut out, depth);
                    }
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line(&mut out, depth);
                out.push(c);
            }
            ',' => {
                out.push(c);
                line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            c if c.is_ascii_whitespace() => {}
            c => out.push(c),
        }
    }
    Pretty { text: out, whole: true }
}

fn line(out: &mut String, depth: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn shown(body: &str, content_type: &str) -> String {
        pretty(body.as_bytes(), content_type, 1_000).unwrap().text
    }

    #[test]
    fn json_keeps_its_numbers_order_and_repetitions() {
        let body = r#" {"b":1.10,"a":[1e400,{}, [ ]],"b":"x{,\"}\\"} "#;
        let expected = "{\n  \"b\": 1.10,\n  \"a\": [\n    1e400,\n    {},\n    []\n  ],\n  \"b\": \"x{,\\\"}\\\\\"\n}";
        assert_eq!(shown(body, "application/json"), expected);
    }

    #[test]
    fn a_form_is_shown_decoded() {
        assert_eq!(shown("a=1+2&b=%C3%A9%0A", "application/x-www-form-urlencoded; charset=utf-8"), "a: 1 2\nb: é\n\n");
    }

    #[test]
    fn text_is_shown_as_it_is_but_for_control_characters() {
        assert_eq!(shown("<a>\n\u{0}\u{1b}", "text/xml"), "<a>\n\u{fffd}\u{fffd}");
        assert_eq!(shown("a\r\nb\r.\rc", "text/plain"), "a\nb\n.\nc");
        assert_eq!(pretty(b"\xff\xfe", "text/plain", 10), None);
    }

    #[test]
    fn deep_and_wide_json_is_cut_not_blown_up() {
        let deep = format!("{}{}{}", "[".repeat(100), "1,".repeat(1_000_000) + "1", "]".repeat(100));
        let cut = pretty(deep.as_bytes(), "application/json", 32 << 10).unwrap();
        assert!(!cut.whole && cut.text.len() < 33 << 10, "{}", cut.text.len());
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".*".prop_map(Value::from)
        ];
        leaf.prop_recursive(4, 64, 8, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
                prop::collection::hash_map(".*", inner, 0..8).prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn pretty_json_is_the_same_json(value in any_json()) {
            let pretty = pretty(value.to_string().as_bytes(), "", usize::MAX).unwrap();
            prop_assert!(pretty.whole);
            prop_assert_eq!(serde_json::from_str::<Value>(&pretty.text).unwrap(), value);
        }

        #[test]
        fn any_bytes_give_a_bounded_text(body: Vec<u8>, form: bool, most in 0usize..200) {
            let content_type = if form { "application/x-www-form-urlencoded" } else { "application/json" };
            if let Some(pretty) = pretty(&body, content_type, most) {
                prop_assert!(pretty.text.len() <= most * 3 + 300);
            }
        }
    }
}
