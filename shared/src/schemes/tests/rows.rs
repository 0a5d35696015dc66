//! Every row that signs by a recipe, against what its provider would send and everything that is not it.

use std::time::Duration;

use http::HeaderValue;

use super::made::{self, Made, NOW, URL, secret, written};
use crate::schemes::{Fetched, Presented, Proof};
use crate::signature::{Encoding, Fault, Part, Place, Unit};

/// That many bytes are as large as bodies get.
const LARGE: usize = 4 << 20;

fn refused(made: &Made, case: &str) -> Fault {
    let row = made.scheme.name;
    match made.now() {
        Err(fault) => fault,
        Ok(proof) => panic!("{row}: {case} was taken as {proof:?}"),
    }
}

fn accepted(made: &Made, case: &str) {
    assert_eq!(made.now(), Ok(made.scheme.proof()), "{}: {case}", made.scheme.name);
}

/// Its signature without what stands before it.
fn bare(made: &Made) -> String {
    made.signature()[made.recipe.prefix.len()..].to_owned()
}

fn with_bare(made: &Made, signature: &str) -> Made {
    made.clone().with_signature(&format!("{}{signature}", made.recipe.prefix))
}

#[test]
fn what_a_provider_signs_is_taken_with_any_of_its_secrets() {
    for made in made::all() {
        accepted(&made, "a genuine request");
        let other = secret(made.key(), "another");
        let row = made.scheme.name;
        assert_eq!(made.verdict(&[&other, &made.secret], NOW), Ok(made.scheme.proof()), "{row}: the second secret");
        assert_eq!(made.verdict(&[&other], NOW), Err(Fault::Mismatch), "{row}: another secret");
    }
}

#[test]
fn the_signature_must_be_there_once_and_whole() {
    for made in made::all() {
        let (row, place) = (made.scheme.name, &made.recipe.place);
        let fault = refused(&made.clone().without(place), "no signature");
        assert!(matches!(fault, Fault::Missing(_)), "{row}: no signature: {fault}");
        refused(&made.clone().with_signature(""), "an empty signature");
        refused(&with_bare(&made, ""), "a signature that is only its prefix");
        if let Some(name) = made::header_name(place) {
            let mut empty = made.clone();
            empty.headers.insert(name.parse::<http::HeaderName>().unwrap(), HeaderValue::from_static(""));
            refused(&empty, "an empty header");
            let mut twice = made.clone();
            let value = twice.headers.get(&*name).unwrap().clone();
            twice.headers.append(name.parse::<http::HeaderName>().unwrap(), value);
            let fault = refused(&twice, "its header twice");
            assert!(matches!(fault, Fault::Malformed(_)), "{row}: its header twice: {fault}");
        }
        let whole = bare(&made);
        let whole = whole.trim_end_matches('=');
        for shorter in [&whole[..whole.len() - 1], &whole[..whole.len() - 2], &whole[..whole.len() - 4], &whole[..8]] {
            refused(&with_bare(&made, shorter), "a truncated signature");
        }
        for longer in [format!("{whole}00"), format!("{whole}AAAA"), format!("{whole}{whole}"), whole.repeat(100)] {
            refused(&with_bare(&made, &longer), "a longer signature");
        }
        for odd in ["nonsense!", "\t", "null", "é"] {
            refused(&with_bare(&made, odd), "nonsense");
        }
    }
}

#[test]
fn hexadecimal_is_read_in_either_case_and_base64_with_its_padding_or_without() {
    for made in made::all() {
        let whole = bare(&made);
        if made.recipe.encoding == Encoding::Hex {
            accepted(&with_bare(&made, &whole.to_uppercase()), "upper-case hexadecimal");
        } else {
            accepted(&with_bare(&made, whole.trim_end_matches('=')), "base64 without padding");
            refused(&with_bare(&made, &whole.to_lowercase()), "base64 in lower case");
        }
    }
}

#[test]
fn no_other_prefix_chooses_another_algorithm() {
    for made in made::all() {
        let whole = bare(&made);
        for prefix in ["sha1=", "sha256=", "sha512=", "SHA256=", "v1=", "v0=", "v2=", "md5=", ""] {
            if prefix != made.recipe.prefix {
                refused(&made.clone().with_signature(&format!("{prefix}{whole}")), &format!("the prefix {prefix:?}"));
            }
        }
    }
}

#[test]
fn signed_times_are_fresh_up_to_the_tolerance_either_way() {
    for made in made::all() {
        let row = made.scheme.name;
        let Some(freshness) = &made.recipe.freshness else { continue };
        let (edge, beyond) = (freshness.tolerance, freshness.tolerance + Duration::from_secs(1));
        let at = |now| made.clone().at(now).signed();
        accepted(&at(NOW.before(edge)), "as old as may be");
        accepted(&at(NOW.after(edge)), "as far in the future as may be");
        let seconds = beyond.as_secs();
        assert_eq!(refused(&at(NOW.before(beyond)), "too old"), Fault::TooOld(seconds), "{row}");
        assert_eq!(refused(&at(NOW.after(beyond)), "in the future"), Fault::InFuture(seconds), "{row}");
        let (mut moved, later) = (made.clone(), NOW.after(Duration::from_secs(1)));
        moved.set(&freshness.place, &written(freshness.unit, later));
        let moved = moved.with_signature(&made.signature());
        assert_eq!(refused(&moved, "another time than was signed"), Fault::Mismatch, "{row}");
    }
}

#[test]
fn signed_times_are_written_in_one_way() {
    for made in made::all() {
        let Some(freshness) = &made.recipe.freshness else { continue };
        let time = written(freshness.unit, NOW);
        let odd = [
            format!("+{time}"),
            format!("-{time}"),
            format!(" {time}"),
            format!("{time}.0"),
            format!("{time}e0"),
            format!("0x{time}"),
            "17000000000000000000".into(),
            "9".repeat(40),
            "abc".into(),
            format!("\u{feff}{time}"),
            "١٧٠٠٠٠٠٠٠٠".into(),
        ];
        for odd in odd {
            let mut made = made.clone();
            made.set(&freshness.place, &odd);
            // What cannot be read cannot be signed either.
            let signed = if made.get(&freshness.place).is_some() { made.signed() } else { made };
            refused(&signed, &format!("the time {odd:?}"));
        }
        let gone = made.clone().without(&freshness.place);
        refused(&gone, "no time");
    }
}

#[test]
fn every_byte_of_a_body_counts_where_the_body_is_signed() {
    for made in made::all() {
        let row = made.scheme.name;
        let body = made.bytes();
        for at in [0, body.len() / 2, body.len() - 1] {
            let mut altered = made.clone();
            let mut bytes = body.clone();
            bytes[at] ^= 1;
            altered.body = Some(bytes);
            match made.scheme.proof() {
                Proof::Signed => {
                    refused(&altered, &format!("byte {at} altered"));
                }
                Proof::Authenticated if made.recipe.place.is_in_body() => {}
                Proof::Authenticated => accepted(&altered, "another body, which is not signed"),
            }
        }
        if made.scheme.proof() == Proof::Signed {
            let cut = Made { body: Some(Vec::new()), ..made.clone() };
            refused(&cut, "the body gone");
            let longer = Made { body: Some([body.as_slice(), b"\n"].concat()), ..made.clone() };
            assert_eq!(refused(&longer, "a line break after the body"), Fault::Mismatch, "{row}");
        }
    }
}

#[test]
fn bodies_may_be_empty_large_or_no_text() {
    let large = vec![b'x'; LARGE];
    for made in made::all() {
        let of_body = |place: &Place| place.is_in_body();
        let time_in_body = made.recipe.freshness.as_ref().is_some_and(|freshness| of_body(&freshness.place));
        if time_in_body {
            accepted(&Made { text: "x".repeat(LARGE), ..made.clone() }.signed(), "a large body");
            continue;
        }
        let bodies: [&[u8]; 4] = [b"", b"\0\xff\r\n", b"payload=%7B%7D&a=b", &large];
        for body in bodies {
            let made = Made { body: Some(body.to_vec()), ..made.clone() }.signed();
            accepted(&made, &format!("a body of {} bytes", body.len()));
        }
    }
}

#[test]
fn line_breaks_fit_in_no_header_and_break_what_stands_elsewhere() {
    assert!(HeaderValue::from_bytes(b"a\r\nb").is_err());
    for made in made::all() {
        let is_header = made::header_name(&made.recipe.place).is_some();
        if !is_header {
            for odd in ["\r\n", "\n", "\0"] {
                refused(&made.clone().with_signature(&format!("{}{odd}", made.signature())), "a line break");
            }
        }
    }
}

#[test]
fn where_the_address_is_signed_it_is_the_configured_one() {
    for made in made::all() {
        let is_signed = made.recipe.message.iter().any(|part| matches!(part, Part::Url | Part::Path));
        let row = made.scheme.name;
        assert_eq!(is_signed, made.scheme.settings.iter().any(|setting| setting.key == "url"), "{row}");
        if !is_signed {
            continue;
        }
        let elsewhere = made.verifier(&[&made.secret], &format!("{URL}/elsewhere"));
        let (query, body) = ("a=1", made.bytes());
        let shown = Presented { query: Some(query), ..Presented::of(&made.headers, &body) };
        let here = made.verifier(&[&made.secret], URL);
        assert!(here.verify(&shown, &Fetched::default(), NOW).is_ok(), "{row}: its own address");
        assert!(elsewhere.verify(&shown, &Fetched::default(), NOW).is_err(), "{row}: another address");
        let shown = Presented { query: Some("a=2"), ..shown };
        assert!(here.verify(&shown, &Fetched::default(), NOW).is_err(), "{row}: another query");
    }
}

#[test]
fn a_name_counts_as_signed_only_if_nobody_can_change_it() {
    for made in made::all() {
        let row = made.scheme.name;
        let names = [&made.scheme.delivery, &made.scheme.event];
        for place in names.into_iter().flatten() {
            let mut renamed = made.clone();
            renamed.set(place, "renamed");
            let taken = renamed.now().is_ok();
            assert_eq!(made.scheme.covers(place), !taken, "{row}: {}", place.name());
        }
    }
}

#[test]
fn what_only_seems_to_be_a_time_unit_is_told_by_its_digits() {
    assert_eq!(Unit::Either.read("1700000000"), Some(1_700_000_000_000));
    assert_eq!(Unit::Either.read("1700000000123"), Some(1_700_000_000_123));
    assert_eq!(Unit::Http.read("Thu, 04 Jan 2024 18:05:25 GMT"), Some(1_704_391_525_000));
    assert_eq!(Unit::Http.read("1704391525"), None);
}
