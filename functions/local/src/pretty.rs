//! Text from a server or a file, made safe for a terminal.

use serde_json::Value;

/// JSON with line breaks.
pub(crate) fn pretty(value: &Value) -> String {
    format!("{}\n", safe(&serde_json::to_string_pretty(value).unwrap_or_default()))
}

/// What would command a terminal is said in other characters, as JSON can.
pub(crate) fn safe(text: &str) -> String {
    let escaped = |c: char| c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect();
    let plain = |c: char| c == '\n' || c == '\u{20}' || c == '…' || c.is_ascii_graphic() || c.is_alphanumeric();
    text.chars().map(|c| if plain(c) { c.to_string() } else { escaped(c) }).collect()
}
