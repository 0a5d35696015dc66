//! Text from outside, made safe for a log line.

use std::fmt;

/// How many bytes of a text from outside a log line shows.
const SHOWN: usize = 200;

/// Shows at most 200 bytes of a text, with control and other invisible characters escaped.
pub struct Outside<'a>(pub &'a str);

impl fmt::Display for Outside<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut left = SHOWN;
        for character in self.0.chars() {
            let escaped = character.escape_debug();
            let plain = matches!(character, '"' | '\'' | '\\');
            let bytes = if plain { 1 } else { escaped.clone().map(char::len_utf8).sum() };
            if bytes > left {
                return f.write_str("…");
            }
            left -= bytes;
            if plain { fmt::Write::write_char(f, character)? } else { escaped.fmt(f)? }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_break_cannot_forge_a_log_line() {
        assert_eq!(Outside("a\r\nb\u{2028}\u{1b}[31m").to_string(), "a\\r\\nb\\u{2028}\\u{1b}[31m");
    }

    proptest! {
        #[test]
        fn what_is_shown_is_short_and_printable(text in "\\PC*|(?s).{0,400}") {
            let shown = Outside(&text).to_string();
            prop_assert!(shown.len() <= SHOWN + '…'.len_utf8());
            prop_assert!(!shown.chars().any(char::is_control));
        }
    }
}
