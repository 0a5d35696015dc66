//! The known word that is nearest to a misspelt one.

/// The nearest of many, if it is near enough to be meant.
pub fn nearest<'a>(found: &str, allowed: &[&'a str]) -> Option<&'a str> {
    within((1 + found.len() / 4).min(3), found, allowed)
}

fn within<'a>(most: usize, found: &str, allowed: &[&'a str]) -> Option<&'a str> {
    let distances = allowed.iter().map(|word| (strsim::damerau_levenshtein(found, word), *word));
    let (distance, word) = distances.min()?;
    (distance <= most && distance < word.len().min(found.len())).then_some(word)
}

/// `; did you mean "x"?`, or a full stop.
pub fn hint(found: &str, allowed: &[&str]) -> String {
    nearest(found, allowed).map_or_else(|| ".".into(), |word| format!("; did you mean \"{word}\"?"))
}

/// `; did you mean "x"? Allowed: …`, of a few words: one of them is meant.
pub(crate) fn suggestion(found: &str, allowed: &[&str]) -> String {
    let hint = within(3, found, allowed).map_or_else(|| ".".into(), |word| format!("; did you mean \"{word}\"?"));
    format!("{hint} Allowed: {}", allowed.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_be_meant_is_suggested() {
        let words = ["github", "gitlab", "standard"];
        assert_eq!((nearest("githb", &words), nearest("gitlba", &words)), (Some("github"), Some("gitlab")));
        assert_eq!((nearest("acme", &["asana"]), nearest("", &words), nearest("x", &[])), (None, None, None));
        assert_eq!(suggestion("x", &["a", "b"]), ". Allowed: a, b");
    }
}
