//! Texts and numbers as YAML writes them on one line: quoted unless every reader takes them for what they are.

use std::fmt::Write;

/// Words that some reader takes for a truth, for nothing, or for a number.
const TAKEN: [&str; 12] = ["y", "yes", "n", "no", "true", "false", "on", "off", "null", "inf", "nan", "infinity"];

/// Whether a text needs no quotes: words of letters and digits, the first character a letter, and none that
/// means something.
pub(super) fn is_plain(words: &str) -> bool {
    let inside = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ' ');
    words.starts_with(char::is_alphabetic)
        && words.chars().all(inside)
        && !words.ends_with(' ')
        && !TAKEN.iter().any(|taken| taken.eq_ignore_ascii_case(words))
}

/// Whether YAML 1.1 takes a number of JSON for one: a power of ten needs a full stop and a sign there.
pub(super) fn is_plain_number(number: &str) -> bool {
    match number.split_once(['e', 'E']) {
        None => true,
        Some((digits, power)) => digits.contains('.') && power.starts_with(['+', '-']),
    }
}

/// Whether a text is best written as the lines that it consists of, and reads back as they are.
pub(super) fn has_lines(words: &str) -> bool {
    let line = |line: &str| line.is_empty() || !(line.trim().is_empty() || line.starts_with('\t'));
    let inner = words.strip_suffix('\n').unwrap_or(words);
    inner.contains('\n')
        && !inner.starts_with(char::is_whitespace)
        && !inner.ends_with('\n')
        && inner.split('\n').all(line)
        && inner.chars().all(|c| c == '\n' || c == '\t' || is_shown(c))
}

/// Whether a character stands for itself within quotes: no control, no line of its own, no mark of byte order.
fn is_shown(c: char) -> bool {
    !(c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'))
}

/// Appends a text in double quotes.
pub(super) fn quote(words: &str, to: &mut String) {
    to.push('"');
    for c in words.chars() {
        match c {
            '"' => to.push_str("\\\""),
            '\\' => to.push_str("\\\\"),
            '\n' => to.push_str("\\n"),
            '\r' => to.push_str("\\r"),
            '\t' => to.push_str("\\t"),
            shown if is_shown(shown) => to.push(shown),
            // No writing to a text fails.
            hidden => drop(write!(to, "\\u{:04x}", u32::from(hidden))),
        }
    }
    to.push('"');
}
