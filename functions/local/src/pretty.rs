//! JSON from a server, made safe for a terminal.

use serde_json::Value;

/// With line breaks. What would command a terminal is said in other characters, as JSON can.
pub(crate) fn pretty(value: &Value) -> String {
    let pretty = serde_json::to_string_pretty(value).unwrap_or_default();
    let escaped = |c: char| c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect();
    let safe = |c: char| c == '\n' || c == ' ' || c.is_ascii_graphic() || c.is_alphanumeric();
    let shown: String = pretty.chars().map(|c| if safe(c) { c.to_string() } else { escaped(c) }).collect();
    format!("{shown}\n")
}
