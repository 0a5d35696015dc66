//! What people and readers of YAML find.

use proptest::prelude::*;

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

const HEAD: &str = "type: order.created\ntimestamp: \"2025-11-22T11:27:20.705Z\"\n";

/// What follows the time.
fn data(event: &Event) -> String {
    of(event, 1_000_000).unwrap().strip_prefix(HEAD).unwrap().to_owned()
}

fn json(text: &str) -> String {
    data(&event("application/json", text.as_bytes()))
}

#[test]
fn an_event_is_written_in_lines_that_people_like_to_read() {
    let text = r#"{"order": 17, "lines": [{"sku": "A-1", "price": 19.90, "tags": []}, {"sku": "012", "tags": ["a", "no"]}],
        "paid": true, "note": "first\n  second\n\nlast\n", "matrix": [[1, 2], [{"x": null}]], "to": {"city": "Köln", "zip": "50667"}}"#;
    let expected = r#"data:
  order: 17
  lines:
    - sku: A-1
      price: 19.90
      tags: []
    - sku: "012"
      tags:
        - a
        - "no"
  paid: true
  note: |
    first
      second

    last
  matrix:
    - - 1
      - 2
    - - x: null
  to:
    city: Köln
    zip: "50667"
"#;
    assert_eq!(json(text), expected);
}

#[test]
fn what_could_be_read_as_something_else_is_quoted() {
    for text in [
        "",
        "no",
        "Yes",
        "Y",
        "oN",
        "null",
        "NaN",
        "~",
        "=",
        "<<",
        "012",
        "1_000",
        "0x1f",
        "1e5",
        "12:30:45",
        ".inf",
        "2001-01-01",
        "- a",
        "? a",
        "a: b",
        "a #b",
        " a",
        "a ",
        "*a",
        "&a",
        "!a",
        "%a",
        "@a",
        "`a",
        "|",
        ">",
        "[a",
        "{a",
        "#a",
        "'a'",
        "a, b",
        "---",
        "...",
        "-",
        "http://a/",
    ] {
        let written = serde_json::to_string(text).unwrap();
        assert_eq!(json(&written), format!("data: {written}\n"));
    }
    for text in ["a", "order.created", "Zoë", "two words", "a/b-c_d.e", "nothing", "yes and no"] {
        assert_eq!(json(&serde_json::to_string(text).unwrap()), format!("data: {text}\n"));
    }
    assert_eq!(
        json(r#""\u0000\u0085\u2028\ufeff\uffff\u007f\r\n\t \"\\""#),
        "data: \"\\u0000\\u0085\\u2028\\ufeff\\uffff\\u007f\\r\\n\\t \\\"\\\\\"\n"
    );
}

#[test]
fn numbers_keep_their_text() {
    let numbers = ["0", "-0", "19.90", "12345678901234567890123", "1.5e+10", "1.50E-7"];
    for number in numbers {
        assert_eq!(json(number), format!("data: {number}\n"));
    }
    for number in ["1e5", "1E+5", "1.5e10"] {
        assert_eq!(json(number), format!("data: !!float {number}\n"));
    }
}

#[test]
fn of_a_name_that_stands_there_twice_the_last_counts() {
    assert_eq!(
        json(r#"{"a": {"x": [1]}, "b": 2, "\u0061": 3, "c": {"d": 1, "d": {}}}"#),
        "data:\n  b: 2\n  a: 3\n  c:\n    d: {}\n"
    );
}

#[test]
fn long_names_are_marked_and_what_lies_deep_stands_in_brackets() {
    let long = "k".repeat(200);
    assert_eq!(json(&format!(r#"{{"{long}": {{"a": [1]}}}}"#)), format!("data:\n  ? {long}\n  :\n    a:\n      - 1\n"));
    assert_eq!(
        json(&format!(r#"[{{"{long}": "a\nb"}}]"#)),
        format!("data:\n  - ? {long}\n    : |-\n      a\n      b\n")
    );
    let deep = format!(r#"{}{{"a": 1, "{long}": ["x", {{}}, 1e5]}}, null{}"#, "[".repeat(20), "]".repeat(20));
    let shown = json(&deep);
    assert!(shown.contains(&format!("[[[[{{a: 1, ? {long} : [x, {{}}, !!float 1e5]}}, null]]]]\n")), "{shown}");
}

#[test]
fn what_is_no_json_is_a_text_or_base64() {
    assert_eq!(data(&event("text/plain", b"a: b")), "data: \"a: b\"\n");
    assert_eq!(data(&event("text/csv", b"a,b\n1,2\n")), "data: |\n  a,b\n  1,2\n");
    assert_eq!(data(&event("image/png", b"\xff")), "data_base64: \"/w==\"\n");
    assert_eq!(of(&event("application/json", br#"["\ud83d"]"#), 1_000), Err(Unfit::NoText));
}

#[test]
fn what_grows_beyond_bounds_is_refused_and_depth_alone_is_not() {
    let of = |json: String| of(&event("application/json", json.as_bytes()), 8 << 20);
    assert_eq!(of(format!("[[[[[[{}1]]]]]]", "1,".repeat(2_000_000))), Err(Unfit::TooLarge));
    assert!(of(format!("{}{}1{}", "[".repeat(126), "1,".repeat(1_500_000), "]".repeat(126))).is_ok());
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let text = prop_oneof!["\\PC{0,12}", "[a-z:# \\n\\t\\r-]{0,12}", ".{0,6}", any::<String>()];
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        text.clone().prop_map(Into::into),
    ];
    leaf.prop_recursive(8, 64, 6, move |inner| {
        let names = text.clone();
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
            proptest::collection::btree_map(names, inner, 0..5).prop_map(|map| serde_json::json!(map)),
        ]
    })
}

proptest! {
    #[test]
    fn others_read_what_was_meant(value in any_json()) {
        let text = of(&event("application/json", value.to_string().as_bytes()), 1_000_000).unwrap();
        let read: serde_json::Value = serde_saphyr::from_str(&text).map_err(|problem| TestCaseError::fail(format!("{problem}\n{text}")))?;
        prop_assert_eq!(&read["data"], &value, "{}", text);
    }

    #[test]
    fn no_text_makes_the_writer_panic(data in any::<Vec<u8>>(), says_json in any::<bool>()) {
        let content_type = if says_json { "application/json" } else { "text/plain" };
        let _ = of(&event(content_type, &data), 100);
    }
}
