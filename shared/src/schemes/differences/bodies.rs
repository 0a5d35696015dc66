//! What happens to bodies on their way, undone.

use base64::Engine;
use serde::de::IgnoredAny;

use crate::signature::LENIENT;

/// Undoes one thing; `None` if there is nothing to undo.
pub(super) type Undo = fn(&[u8]) -> Option<Vec<u8>>;

/// In the words that follow "it fits if the body", the likeliest first.
pub(super) const CHANGES: [(&str, Undo); 14] = [
    ("ends without its line break: something on the way added one", without_line_break),
    ("ends with a line break: something on the way took it off", |body| Some([body, b"\n"].concat())),
    ("ends with a line break as Windows writes it: something on the way took it off", |body| {
        Some([body, b"\r\n"].concat())
    }),
    ("has no white space around it: something on the way added some", |body| changed(body, body.trim_ascii().to_vec())),
    ("has line breaks as Unix writes them: something on the way wrote them as Windows does", unix),
    ("has line breaks as Windows writes them: something on the way wrote them as Unix does", windows),
    ("is JSON without white space: something on the way laid it out anew", |body| spaced(body, "", "")),
    ("is JSON with a space after each comma and colon: something on the way laid it out anew", |body| {
        spaced(body, ", ", ": ")
    }),
    ("has its letters beyond ASCII escaped, like \\u00e9: something on the way wrote them out", escaped),
    ("has its slashes escaped, like \\/: something on the way wrote them out", slashed),
    ("is JSON in ASCII with a space after each comma and colon: something on the way laid it out anew", |body| {
        spaced(escaped(body).as_deref().unwrap_or(body), ", ", ": ")
    }),
    ("is in Latin-1: something on the way wrote it in UTF-8", latin),
    ("has no byte order mark: something on the way added one", |body| {
        Some(body.strip_prefix(b"\xef\xbb\xbf")?.to_vec())
    }),
    ("is decoded from base64, as which it was copied", |body| LENIENT.decode(body.trim_ascii()).ok()),
];

fn changed(before: &[u8], after: Vec<u8>) -> Option<Vec<u8>> {
    (before != after).then_some(after)
}

fn without_line_break(body: &[u8]) -> Option<Vec<u8>> {
    let rest = body.strip_suffix(b"\n")?;
    Some(rest.strip_suffix(b"\r").unwrap_or(rest).to_vec())
}

fn unix(body: &[u8]) -> Option<Vec<u8>> {
    let kept = body.iter().enumerate().filter(|(at, byte)| **byte != b'\r' || body.get(at + 1) != Some(&b'\n'));
    changed(body, kept.map(|(_, byte)| *byte).collect())
}

fn windows(body: &[u8]) -> Option<Vec<u8>> {
    let mut written = Vec::with_capacity(body.len());
    for byte in unix(body).as_deref().unwrap_or(body) {
        if *byte == b'\n' {
            written.push(b'\r');
        }
        written.push(*byte);
    }
    changed(body, written)
}

/// The same JSON, in the same order and with the same numbers, with that after each comma and colon.
fn spaced(body: &[u8], comma: &str, colon: &str) -> Option<Vec<u8>> {
    serde_json::from_slice::<IgnoredAny>(body).ok()?;
    let (mut written, mut in_text, mut is_escaped) = (Vec::with_capacity(body.len()), false, false);
    for byte in body {
        match byte {
            _ if in_text => {
                written.push(*byte);
                in_text = is_escaped || *byte != b'"';
                is_escaped = !is_escaped && *byte == b'\\';
            }
            b' ' | b'\t' | b'\r' | b'\n' => {}
            b',' if !comma.is_empty() => written.extend_from_slice(comma.as_bytes()),
            b':' if !colon.is_empty() => written.extend_from_slice(colon.as_bytes()),
            _ => {
                written.push(*byte);
                in_text = *byte == b'"';
            }
        }
    }
    changed(body, written)
}

fn escaped(body: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(body).ok().filter(|text| !text.is_ascii())?;
    let mut written = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_ascii() {
            written.push(character);
            continue;
        }
        let mut units = [0; 2];
        written.extend(character.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
    }
    Some(written.into_bytes())
}

fn slashed(body: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(body).ok()?;
    changed(body, text.replace('/', "\\/").into_bytes())
}

/// The bytes of which it is the UTF-8, where each fits into one.
fn latin(body: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(body).ok().filter(|text| !text.is_ascii())?;
    text.chars().map(|character| u8::try_from(u32::from(character)).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_read_as_they_were_before() {
        assert_eq!(latin("Köln".as_bytes()).unwrap(), b"K\xf6ln");
        assert_eq!((latin(b"Koln"), latin("☃".as_bytes()), latin(b"\xff")), (None, None, None));
    }

    #[test]
    fn json_is_laid_out_anew_and_nothing_else_of_it_changes() {
        let body = br#" { "b" : 1.00, "a, b: c" : [ "\" : x", 1e5 ] }"#;
        assert_eq!(spaced(body, "", "").unwrap(), br#"{"b":1.00,"a, b: c":["\" : x",1e5]}"#);
        assert_eq!(spaced(body, ", ", ": ").unwrap(), br#"{"b": 1.00, "a, b: c": ["\" : x", 1e5]}"#);
        assert_eq!(spaced(b"{\"a\":1}", "", ""), None);
        assert_eq!(spaced(b"{a: 1}", "", ""), None, "no JSON");
    }

    #[test]
    fn line_breaks_and_letters_are_written_otherwise() {
        assert_eq!((unix(b"a\r\nb\r").unwrap(), unix(b"a\n")), (b"a\nb\r".to_vec(), None));
        assert_eq!((windows(b"a\nb\r\n").unwrap(), windows(b"a\r\n")), (b"a\r\nb\r\n".to_vec(), None));
        assert_eq!(escaped("é😀/".as_bytes()).unwrap(), b"\\u00e9\\ud83d\\ude00/");
        assert_eq!(
            (latin("é/".as_bytes()).unwrap(), latin("😀".as_bytes()), latin(b"e")),
            (b"\xe9/".to_vec(), None, None)
        );
        assert_eq!((escaped(b"e"), slashed(b"e")), (None, None));
    }
}
