//! Recipes of every kind, written and read again, sign and verify the same.

use http::{HeaderName, Method};
use proptest::prelude::*;

use super::*;

/// Where things stand in the requests below: in JSON or in a form.
fn places(is_form: bool, name: &'static str) -> impl Strategy<Value = Place> {
    let body = if is_form { Place::Field(name.into()) } else { Place::Pointer(format!("/{name}").into()) };
    let element =
        Place::Element { header: format!("x-list-{name}").into(), separator: ';', prefix: format!("{name}=").into() };
    let any = Place::AnyOf(vec![format!("x-absent-{name}").into(), format!("x-{name}").into()]);
    prop::sample::select(vec![any, Place::Header(format!("x-{name}").into()), element, Place::Query(name.into()), body])
}

fn parts(is_form: bool) -> impl Strategy<Value = Part> {
    prop_oneof![
        Just(Part::Method),
        Just(Part::Url),
        Just(Part::Body),
        Just(if is_form { Part::Form } else { Part::Body }),
        places(is_form, "id").prop_map(|place| Part::segment("", place, "")),
        "[ -~\n]{1,6}".prop_map(|text| Part::Literal(text.into())),
        places(is_form, "id").prop_map(Part::Value),
    ]
}

fn recipes(is_form: bool) -> impl Strategy<Value = (bool, Recipe)> {
    let numbered = Place::Numbered { stem: "x-sig".into(), most: 3 };
    let place = prop_oneof![3 => places(is_form, "sig"), 1 => Just(numbered)];
    let prefix = prop::sample::select(vec!["", "v1=", "sha256=", "{x}:"]);
    let separator = prop::sample::select(vec![None, Some(','), Some(' '), Some('|')]);
    let ways = (prop::sample::select(ENCODINGS), prop::sample::select(DIGESTS), prop::sample::select(KEYS));
    let message = prop::collection::vec(parts(is_form), 1..5);
    let time = prop::option::of((places(is_form, "time"), prop::sample::select(UNITS), 1u64..1_000));
    let all = (place, prefix, separator, ways, message, time);
    all.prop_map(move |(place, prefix, separator, (encoding, digest, key), message, time)| {
        let freshness =
            time.map(|(place, unit, seconds)| Freshness::new(place).unit(unit.1).within(Duration::from_secs(seconds)));
        let time = freshness.iter().map(|freshness| Part::Value(freshness.place.clone()));
        let message = message.into_iter().chain(time).chain([Part::header("x-id")]).collect();
        let algorithm = Algorithm::Hmac { digest: digest.1, key: key.1 };
        let (prefix, second) = (Name::from(prefix), None);
        (is_form, Recipe { place, prefix, separator, encoding: encoding.1, algorithm, second, message, freshness })
    })
}

/// A request with everything that may be signed, and with that signature once there is one.
struct Sent {
    headers: HeaderMap,
    query: String,
    body: Vec<u8>,
}

impl Sent {
    fn new(is_form: bool, recipe: &Recipe, signature: Option<&str>) -> Self {
        let unit = recipe.freshness.as_ref().map(|freshness| freshness.unit);
        let time = match unit {
            Some(Unit::Millis) => "1700000000000",
            Some(Unit::Http) => "Tue, 14 Nov 2023 22:13:20 GMT",
            Some(Unit::Iso) => "2023-11-14T22:13:20Z",
            _ => "1700000000",
        };
        let mut pairs = vec![("id", "7"), ("time", time)];
        pairs.extend(signature.map(|signature| ("sig", signature)));
        let mut headers = HeaderMap::new();
        for (name, value) in &pairs {
            let list = format!("a=b; {name}={value};c");
            headers
                .insert(HeaderName::try_from(format!("x-list-{name}")).unwrap(), HeaderValue::try_from(list).unwrap());
            headers.insert(HeaderName::try_from(format!("x-{name}")).unwrap(), HeaderValue::try_from(*value).unwrap());
        }
        if let Some(signature) = signature {
            headers.insert("x-sig-2", HeaderValue::try_from(signature).unwrap());
        }
        let encoded = form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
        let body = match is_form {
            true => encoded.clone(),
            false => {
                Value::Object(pairs.iter().map(|(name, value)| ((*name).into(), json!(value))).collect::<Map<_, _>>())
                    .to_string()
            }
        };
        // The signature stands in the body or the query only where neither is signed.
        let is_elsewhere = |kind: fn(&Place) -> bool| signature.is_some() && !kind(&recipe.place);
        let bare = || Self::new(is_form, recipe, None);
        let query = if is_elsewhere(|place| matches!(place, Place::Query(_))) { bare().query } else { encoded };
        let body = if is_elsewhere(Place::is_in_body) { bare().body } else { body.into_bytes() };
        Self { headers, query, body }
    }

    fn shown(&self) -> Presented<'_> {
        let of = Presented::of(&self.headers, &self.body);
        Presented { method: &Method::PUT, query: Some(&self.query), url: Some(URL), ..of }
    }
}

proptest! {
    #[test]
    fn whatever_can_be_written_signs_and_verifies((is_form, recipe) in prop_oneof![recipes(true), recipes(false)]) {
        let covers = |part: Part| recipe.message.contains(&part);
        let whole = |part: &&Part| matches!(part, Part::Body | Part::Form);
        prop_assume!(recipe.message.iter().filter(whole).count() < 2);
        // A value that holds what follows it says not where it ends.
        prop_assume!(!recipe.message.contains(&Part::literal("7")));
        prop_assume!(!(covers(Part::Form) && recipe.place.is_in_body()));
        let is_in_query = matches!(recipe.place, Place::Query(_));
        prop_assume!(!(covers(Part::Body) && recipe.place.is_in_body() || covers(Part::Url) && is_in_query));
        let read = again(&recipe).map_err(|wrong| TestCaseError::fail(format!("{}: {}", wrong.key, wrong.problem)))?;
        let secret = Secret::new(match recipe.algorithm {
            Algorithm::Hmac { key: KeyForm::Hex, .. } => HEX,
            _ => SECRET,
        });
        let key = Key::new(recipe.algorithm, &secret).unwrap();
        let signature = recipe.sign(&key, &Sent::new(is_form, &recipe, None).shown()).unwrap();
        let listed = match recipe.separator {
            Some(separator) => format!("other{separator}{signature}"),
            None => signature,
        };
        let sent = Sent::new(is_form, &recipe, Some(&listed));
        let key = Key::new(read.algorithm, &secret).unwrap();
        prop_assert_eq!(read.verify(std::slice::from_ref(&key), &sent.shown(), NOW), Ok(()));
        prop_assert_eq!(read.covers_body(), covers(Part::Body) || covers(Part::Form));
        let tolerance = read.freshness.as_ref().map(|freshness| freshness.tolerance);
        let late = NOW.after(tolerance.unwrap_or_default() + Duration::from_secs(1));
        prop_assert_eq!(read.verify(std::slice::from_ref(&key), &sent.shown(), late).is_err(), tolerance.is_some());
        let mut other = sent.headers.clone();
        other.insert("x-id", HeaderValue::from_static("8"));
        let other = Presented { headers: &other, ..sent.shown() };
        prop_assert!(read.verify(&[key], &other, NOW).is_err());
    }

    #[test]
    fn no_message_makes_the_reader_panic(text in "[{}a-z:/, =.]{0,20}|\\PC{0,30}") {
        drop(verifier(SECRET, json!({ "header": "x-a", "message": text })));
        drop(verifier(SECRET, json!({ "signature": { "element": text } })));
    }
}
