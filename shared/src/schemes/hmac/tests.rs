//! What an owner writes, and what it comes to.

mod arbitrary;

use std::collections::BTreeMap;
use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use serde_json::{Map, Value, json};

use super::*;
use crate::schemes::words::{DIGESTS, ENCODINGS, KEYS, UNITS};
use crate::schemes::{Check, Fetched, Presented, Verifier, all, named};
use crate::secret::Secret;
use crate::signature::{Freshness, Key, Name, Unit};
use crate::timestamp::Timestamp;

const NOW: Timestamp = Timestamp(1_700_000_000_000);
const SECRET: &str = "c2VjcmV0c2VjcmV0";
const HEX: &str = "0123456789abcdef";
const URL: &str = "https://hooks.example.com/in/acme";

fn verifier(secret: &str, values: Value) -> Result<Verifier, Wrong> {
    let values: BTreeMap<_, _> = serde_json::from_value(values).unwrap();
    let secrets = BTreeMap::from([("secret".into(), vec![Secret::new(secret)])]);
    Verifier::new(named("hmac").unwrap(), Settings::new(secrets, values))
}

fn problem(values: Value) -> String {
    let wrong = verifier(SECRET, values).err().unwrap_or_else(|| Wrong::new("-", "nothing"));
    format!("{}: {}", wrong.key, wrong.problem)
}

fn again(recipe: &Recipe) -> Result<Recipe, Wrong> {
    let mut values: BTreeMap<_, _> =
        written(recipe).unwrap().into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    if recipe.message.contains(&Part::Url) {
        values.insert("url".into(), URL.into());
    }
    super::recipe(&Settings::new(BTreeMap::new(), values))
}

#[test]
fn every_row_that_is_an_hmac_can_be_written_by_its_parts() {
    let recipes = all().iter().filter_map(|scheme| match &scheme.check {
        Check::Recipe(recipe) if matches!(recipe.algorithm, Algorithm::Hmac { .. }) => Some((scheme.name, recipe)),
        _ => None,
    });
    let mut count = 0;
    let mut others = Vec::new();
    for (name, recipe) in recipes {
        if written(recipe).is_none() {
            others.push(name);
            continue;
        }
        // By a public key is another scheme.
        let recipe = Recipe { second: None, ..recipe.clone() };
        assert_eq!(format!("{:?}", again(&recipe).unwrap()), format!("{recipe:?}"), "{name}");
        count += 1;
    }
    let is_of_its_own =
        |recipe: &Recipe| recipe.message.iter().any(|part| matches!(part, Part::Segment { .. } | Part::Headers { .. }));
    for name in others {
        let Some(Check::Recipe(recipe)) = named(name).map(|scheme| &scheme.check) else { panic!("{name}") };
        assert!(is_of_its_own(recipe), "{name}");
    }
    assert!(count >= 60, "{count}");
}

#[test]
fn what_is_said_least_is_a_body_signed_by_sha_256_in_hexadecimal() {
    let recipe = recipe(&Settings::new(BTreeMap::new(), BTreeMap::from([("header".into(), "X-A".into())])));
    assert_eq!(format!("{:?}", recipe.unwrap()), format!("{:?}", Recipe::new("x-a")));
}

#[test]
fn a_message_without_the_body_proves_the_caller_only() {
    let kind = |message: &str| verifier(SECRET, json!({ "header": "x-a", "message": message })).unwrap().kind();
    assert_eq!((kind("{body}"), kind("{header:x-id}")), (Proof::Signed, Proof::Authenticated));
    let signed = verifier(SECRET, json!({ "header": "x-a", "message": "{header:x-id}" })).unwrap();
    let mut headers = HeaderMap::new();
    headers.insert("x-id", HeaderValue::from_static("7"));
    let key = Key::new(Recipe::new("x-a").algorithm, &Secret::new(SECRET)).unwrap();
    let recipe = Recipe::new("x-a").message([Part::header("x-id")]);
    let signature = recipe.sign(&key, &Presented::of(&headers, b"")).unwrap();
    headers.insert("x-a", HeaderValue::try_from(signature).unwrap());
    let proved = signed.verify(&Presented::of(&headers, b"whatever"), &Fetched::default(), NOW);
    assert_eq!(proved, Ok(Proof::Authenticated));
}

#[test]
fn every_refusal_names_the_key_and_what_is_allowed() {
    let header = |key: &str, value: Value| {
        let mut values = json!({ "header": "x-a" });
        values[key] = value;
        values
    };
    let time = |value: Value| {
        let mut values = json!({ "header": "x-a", "message": "{timestamp}.{body}" });
        values["timestamp"] = value;
        values
    };
    let cases = [
        (json!({}), "header: is missing; it is the header that holds the signature, like X-Acme-Signature"),
        (header("signature", json!({ "query": "s" })), "signature: cannot be with header; write one of them"),
        (json!({ "header": "x a" }), "header: \"x a\" is not the name of a header; write it like X-Acme-Signature"),
        (json!({ "header": 1 }), "header: is not a text; put it in quotes"),
        (json!({ "signature": "x" }), "signature: is not a place; write it like { header: X-Acme-Time }"),
        (json!({ "signature": {} }), "signature: does not say one place; write one of header, element, query"),
        (
            json!({ "signature": { "heder": "x" } }),
            "signature: has a key that is not known, \"heder\"; did you mean \"header\"?",
        ),
        (json!({ "signature": { "query": "a", "field": "b" } }), "signature: does not say one place"),
        (
            json!({ "signature": { "pointer": "a" } }),
            "signature: \"a\" is not a JSON pointer; write it like /order/sent",
        ),
        (
            json!({ "signature": { "element": "X-A" } }),
            "signature: \"X-A\" is not an element of a header; write it like",
        ),
        (json!({ "signature": { "numbered": "x-a", "most": 0 } }), "signature.most: is not a number from 1 to 255"),
        (
            header("encoding", json!("hexx")),
            "encoding: \"hexx\" is not known; did you mean \"hex\"? Allowed: hex, base64",
        ),
        (
            header("digest", json!("sha-256")),
            "digest: \"sha-256\" is not known; did you mean \"sha256\"? Allowed: sha256,",
        ),
        (header("digest", json!(256)), "digest: is not a text; put it in quotes"),
        (header("key", json!("utf8")), "key: \"utf8\" is not known. Allowed: text, base64, hex, whsec, sha1"),
        (header("key", json!("hex")), "secret: is not hexadecimal"),
        (header("separator", json!(", ")), "separator: \", \" is not one character; write it like \",\""),
        (header("prefix", json!(1)), "prefix: is not a text; put it in quotes"),
        (header("url", json!(URL)), "url: has no meaning here, for the message does not name {url}"),
        (
            header("message", json!("{url}{body}")),
            "url: is missing; the message names {url}: the address of this source",
        ),
        (header("message", json!({ "body": null })), "message: is not a text; what has braces needs quotes"),
        (header("message", json!("")), "message: is empty"),
        (header("message", json!("body")), "message: would be the same for every webhook; name {body}"),
        (header("message", json!("{method}.")), "message: would be the same for every webhook"),
        (
            header("message", json!("{bdoy}")),
            "message: names \"{bdoy}\", which is not known; did you mean \"body\"? Allowed: {body}, ",
        ),
        (
            header("message", json!("{heder:x}")),
            "message: names \"{heder:x}\", which is not known; did you mean \"header\"?",
        ),
        (header("message", json!("{header:}")), "message: names \"{header:}\", which is not known"),
        (header("message", json!("{header:a b}")), "message: \"a b\" is not the name of a header"),
        (header("message", json!("{{body}}")), "message: has two braces in a row; write one: {body}."),
        (header("message", json!("{body")), "message: has a { without its }; write {open} for a brace that is signed."),
        (
            header("message", json!("body}")),
            "message: has a } without its {; write {close} for a brace that is signed.",
        ),
        (
            header("message", json!("{timestamp}.{body}")),
            "message: names {timestamp}, and nothing says where it stands; write",
        ),
        (
            header("timestamp", json!({ "header": "x-t" })),
            "timestamp: is not signed, and a time that anyone can change",
        ),
        (time(json!("x-t")), "timestamp: is not a place; write it like { header: X-Acme-Time }"),
        (time(json!({ "unit": "seconds" })), "timestamp: does not say one place"),
        (
            time(json!({ "header": "x-t", "unti": "seconds" })),
            "timestamp: has a key that is not known, \"unti\"; did you mean \"unit\"?",
        ),
        (
            time(json!({ "header": "x-t", "unit": "second" })),
            "timestamp.unit: \"second\" is not known; did you mean \"seconds\"?",
        ),
        (
            time(json!({ "header": "x-t", "tolerance": "soon" })),
            "timestamp.tolerance: is not a duration; write 300, 5m or 1h",
        ),
        (time(json!({ "header": "x-t", "tolerance": 0 })), "timestamp.tolerance: is not a duration"),
        (
            json!({ "signature": { "pointer": "/sig" } }),
            "message: cannot name {body} or {form}, for the signature itself stands there",
        ),
    ];
    for (values, expected) in cases {
        let found = problem(values);
        assert!(found.starts_with(expected), "{found}\nis not\n{expected}");
    }
}

#[test]
fn a_time_that_is_signed_with_something_else_needs_no_name_of_its_own() {
    let fine = [
        json!({ "header": "x-a", "timestamp": { "pointer": "/sent" } }),
        json!({ "header": "x-a", "message": "{header:X-T}{body}", "timestamp": { "header": "x-t", "tolerance": "1h" } }),
        json!({ "header": "x-a", "message": "{url}{body}", "url": URL, "timestamp": { "query": "t" } }),
    ];
    for values in fine {
        assert_eq!(problem(values), "-: nothing");
    }
}
