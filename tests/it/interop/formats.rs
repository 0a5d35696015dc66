//! Other people's readers of XML and YAML find in our formats what the emitter wrote.

use std::path::Path;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::harness::{Hookpost, Receiver, Setup, Tools};

const CASES: usize = 300;

/// What has misled readers or writers before.
const WRITTEN: [&str; 14] = [
    r#"{"n": [0, -0, 19.90, 1e5, 1E+5, 1.5e10, 1.5e+10, 1.0E-7, 12345678901234567890123, 0.1e1, 1e400, -1e-400]}"#,
    r#"["no", "Yes", "y", "off", "null", "~", "", " ", "012", "0o17", "0x1F", "1_000", "1e5", "12:30:45", ".inf", ".nan"]"#,
    r#"["2001-01-01", "2001-01-01T00:00:00Z", "=", "<<", "- a", "? a", "a: b", "a #b", "---", "...", "%YAML 1.1", "!!int 3"]"#,
    r#"{"<<": {"a": 1}, "=": 2, "no": 3, "1": 4, "null": 5, "": 6, "*a": 7, "a: b": 8, "? ": 9, "- ": 10}"#,
    r#"["a\nb", "a\nb\n", "a\n\nb\n\n", "\na", " a\nb", "a\n b\n  c", "a\n\tb", "a\r\nb", "a\n \nb", "a\nb ", "\n", "a\n# b\n---\n..."]"#,
    r#"["\u0000", "\u0007\u001b", "\u007f\u0085\u00a0", "\u2028\u2029", "\ufeff", "\ufffe\uffff", "\ud83d\udcee", "\ue000\ufffd"]"#,
    r#"{"a": 1, "a": {"b": 2, "b": [3]}, "\u0061": {"b": 4, "b": []}, "c": [{"d": 1, "d": null}]}"#,
    r#"{"a b": 1, "xml": 2, "XMLa": 3, "9a": 4, "-a": 5, "_a": 6, "a:b": 7, "ü": 8, "<&\"'>": 9, "\t\n\r": 10, "\u0000": 11, "item": 12}"#,
    r#"{"field": {"field": [], "item": {}}, "items": [[], [[]], {}, [{}], "", null, [null]]}"#,
    r#""]]></data><!-- & &amp; -->""#,
    "null",
    "{}",
    "[[[[[[[[[[[[[[[[[[[[[[[[[1, {\"a b\": [\"x: y\", 1e5, {}]}, \"a\\nb\"]]]]]]]]]]]]]]]]]]]]]]]]]",
    " {\t\"a\" :\r\n 1 ,\"b\":[ ] } ",
];

fn any_text() -> impl Strategy<Value = String> {
    let words =
        prop::sample::select(vec!["a", "no", "12", ": ", " #", "\n", "  ", "- ", "é", "\t", "\"", "\\", "<", "&", "'"]);
    prop_oneof![
        prop::collection::vec(words, 0..6).prop_map(|words| words.concat()),
        "[a-zA-Z_][a-zA-Z0-9_.-]{0,8}",
        "\\PC{0,10}",
        any::<String>().prop_map(|text| text.chars().take(10).collect()),
        "[a-z\"é]{120,140}",
        Just("k".repeat(1_100)),
    ]
}

/// JSON as text, so that numbers are written in every way, and names stand there twice.
fn any_json() -> impl Strategy<Value = String> {
    let quoted = || any_text().prop_map(|text| serde_json::to_string(&text).expect("JSON"));
    let leaf = prop_oneof![
        1 => prop::sample::select(vec!["null", "true", "false", "[]", "{}"]).prop_map(str::to_owned),
        2 => "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,8})?([eE][+-]?[0-9]{1,2})?",
        3 => quoted(),
    ];
    leaf.prop_recursive(20, 80, 5, move |inner| {
        let member = (quoted(), inner.clone()).prop_map(|(name, value)| format!("{name}: {value}"));
        prop_oneof![
            prop::collection::vec(inner, 0..5).prop_map(|items| format!("[{}]", items.join(", "))),
            prop::collection::vec(member, 0..5).prop_map(|members| format!("{{{}}}", members.join(", "))),
        ]
    })
}

fn deep(depth: usize) -> String {
    format!("{}{}", "[{\"a\":".repeat(depth / 2), "1") + &"}]".repeat(depth / 2)
}

fn cases() -> Vec<String> {
    let (mut runner, any) = (TestRunner::default(), any_json());
    let mut generated = || any.new_tree(&mut runner).expect("JSON").current();
    let written = WRITTEN.into_iter().map(str::to_owned).chain([deep(124)]);
    written.chain(std::iter::repeat_with(&mut generated).take(CASES)).collect()
}

fn emit(hookpost: &Hookpost, bearer: &str, id: usize, data: &str) {
    let event = format!(r#"{{"id": "{id}", "type": "order.created", "data": {data}}}"#);
    hookpost.post("/events", &[("authorization", bearer)], event.as_bytes()).accepted();
}

fn keep(folder: &Path, receiver: &Receiver, count: usize) {
    for request in receiver.wait_for(count) {
        let (id, format) = (request.header("webhook-id").expect("an id"), request.path().trim_start_matches('/'));
        let content_type = if format == "xml" { "application/xml; charset=utf-8" } else { "application/yaml" };
        assert_eq!(request.header("content-type"), Some(content_type));
        std::fs::write(folder.join(format!("{id}.{format}")), &request.body).expect("a file");
    }
}

#[test]
fn xml_and_yaml_are_read_back_as_they_were_meant_down_to_the_digits() {
    let (folder, receiver, cases) = (tempfile::tempdir().expect("a folder"), Receiver::start(), cases());
    let config = ["xml", "yaml"]
        .map(|format| format!("  {format}: {{ url: '{}', format: {format} }}\n", receiver.url(&format!("/{format}"))));
    let hookpost = Setup::config(&format!("endpoints:\n{}", config.concat())).sending().start();
    let bearer = format!("Bearer {}", hookpost.events_token());
    for (id, data) in cases.iter().enumerate() {
        std::fs::write(folder.path().join(format!("{id}.json")), data).expect("a file");
        emit(&hookpost, &bearer, id, data);
    }
    keep(folder.path(), &receiver, 2 * cases.len());
    let read = Tools::ready().python("read_formats.py", &[&folder.path().display().to_string()]);
    assert_eq!(read.len(), cases.len());
    for said in read {
        let case = said["case"].as_str().and_then(|case| case.parse::<usize>().ok()).expect("a number");
        for format in ["xml", "yaml", "libyaml"] {
            assert!(said[format].is_null(), "{format}: {} {}", cases[case], said[format]);
        }
    }
}
