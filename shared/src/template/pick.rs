//! What may stand between `{{` and `}}`: a path and filters with plain arguments. Nothing that reckons, joins
//! expressions or repeats: its work and its memory are those of what it picks.

/// The filters, and whether they take an argument.
pub(super) const FILTERS: [(&str, bool); 12] = [
    ("default", true),
    ("first", false),
    ("float", false),
    ("int", false),
    ("join", true),
    ("last", false),
    ("length", false),
    ("lower", false),
    ("round", true),
    ("string", false),
    ("trim", false),
    ("upper", false),
];

/// Whether it is `path.to['a value'][0]|filter|filter('text')`.
pub(super) fn picks(inside: &str) -> bool {
    let Some(mut rest) = name(inside.trim()) else { return false };
    loop {
        rest = rest.trim_start();
        let next = match rest.as_bytes().first() {
            None => return true,
            Some(b'.') => name(&rest[1..]),
            Some(b'[') => argument(&rest[1..]).and_then(|rest| rest.trim_start().strip_prefix(']')),
            Some(b'|') => filter(rest[1..].trim_start()),
            Some(_) => None,
        };
        let Some(next) = next else { return false };
        rest = next;
    }
}

/// What follows a name.
fn name(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
    (end > 0 && !text.starts_with(|c: char| c.is_ascii_digit())).then(|| &text[end..])
}

/// What follows a number or a text. No brace can stand in it, so the first `}}` ends the expression.
fn argument(text: &str) -> Option<&str> {
    let text = text.trim_start();
    match text.chars().next()? {
        quote @ ('\'' | '"') => {
            let (inside, rest) = text[1..].split_once(quote)?;
            (!inside.contains(['{', '}', '\\'])).then_some(rest)
        }
        '0'..='9' => Some(text.trim_start_matches(|c: char| c.is_ascii_digit())),
        _ => None,
    }
}

/// What follows a filter. One that is not known is left for others to name.
fn filter(text: &str) -> Option<&str> {
    let rest = name(text)?;
    let filter = &text[..text.len() - rest.len()];
    let takes = FILTERS.iter().find(|(known, _)| *known == filter).is_none_or(|(_, takes)| *takes);
    match rest.trim_start().strip_prefix('(').filter(|_| takes) {
        Some(inside) => argument(inside)?.trim_start().strip_prefix(')'),
        None => Some(rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_picked_and_nothing_is_made_of_them() {
        for picked in [
            "id",
            " data.order.id ",
            "data.lines[0].sku|upper",
            "data['ship to']|default('-')|trim",
            "channels | join( ', ' )",
            "data.total|round(2)",
            "data.n|default(17)",
        ] {
            assert!(picks(picked), "{picked}");
        }
        for made in [
            "",
            "'x'",
            "data.a * 2",
            "'}' * 9",
            "data ~ data",
            "data.a + 1",
            "'a' if data.b else 'c'",
            "data.l|join(data.l|join(data.t))",
            "data[data.a]",
            "data.a is defined",
            "data[0:2]",
            "[1, 2]",
            "data.upper()",
            "data|upper('x')",
            "- id",
            "data['{{']",
            "data.0",
        ] {
            assert!(!picks(made), "{made}");
        }
    }
}
