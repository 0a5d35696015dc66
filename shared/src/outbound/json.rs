//! JSON read token by token: numbers as they were written, any depth in flat memory.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use serde::de::IgnoredAny;

use super::fields::Unfit;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    Object,
    List,
    /// Of the object or list that was opened last.
    End,
    /// The name of what comes next.
    Name(Cow<'a, str>),
    Text(Cow<'a, str>),
    /// As it was written.
    Number(&'a str),
    Truth(&'a str),
    Null,
}

/// The tokens of a JSON text, which must be one.
pub(super) struct Tokens<'a> {
    text: &'a str,
    at: usize,
    /// Of each object and list around: whether it is an object.
    within: Vec<bool>,
    /// Whether the next text is a name.
    name_next: bool,
}

impl<'a> Tokens<'a> {
    /// `None` if the text is no JSON.
    pub(super) fn of(text: &'a str) -> Option<Self> {
        serde_json::from_str::<IgnoredAny>(text).ok()?;
        Some(Self::inside(text))
    }

    /// The same for a part of what was found to be JSON.
    pub(super) fn inside(text: &'a str) -> Self {
        Self { text, at: 0, within: Vec::new(), name_next: false }
    }

    /// Where the next token is looked for.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Whether what was opened last ends here.
    pub(super) fn ends_here(&self) -> bool {
        matches!(self.text[self.at..].trim_start().as_bytes().first(), Some(b'}' | b']'))
    }

    pub(super) fn next(&mut self) -> Result<Option<Token<'a>>, Unfit> {
        while let Some(byte) = self.text.as_bytes().get(self.at) {
            let start = self.at;
            self.at += 1;
            return Ok(Some(match byte {
                b'{' => self.open(true),
                b'[' => self.open(false),
                b'}' | b']' => {
                    self.within.pop();
                    Token::End
                }
                b',' => {
                    self.name_next = self.within.last() == Some(&true);
                    continue;
                }
                b'"' => self.text(start)?,
                b':' | b' ' | b'\t' | b'\n' | b'\r' => continue,
                _ => self.word(start),
            }));
        }
        Ok(None)
    }

    /// Passes over the value that comes next. Its text, with what may stand before it.
    pub(super) fn skip(&mut self) -> &'a str {
        let (depth, start) = (self.within.len(), self.at);
        while !matches!(self.next(), Ok(None)) && self.within.len() > depth {}
        &self.text[start..self.at]
    }

    fn open(&mut self, object: bool) -> Token<'a> {
        self.within.push(object);
        self.name_next = object;
        if object { Token::Object } else { Token::List }
    }

    fn text(&mut self, start: usize) -> Result<Token<'a>, Unfit> {
        let bytes = self.text.as_bytes();
        while bytes.get(self.at).is_some_and(|byte| *byte != b'"') {
            self.at += if bytes[self.at] == b'\\' { 2 } else { 1 };
        }
        self.at += 1;
        let text = self.text.get(start..self.at).and_then(|text| serde_json::from_str::<Words<'_>>(text).ok());
        let is_name = std::mem::take(&mut self.name_next);
        let Words(text) = text.ok_or(Unfit::NoText)?;
        Ok(if is_name { Token::Name(text) } else { Token::Text(text) })
    }

    fn word(&mut self, start: usize) -> Token<'a> {
        let is_inside = |byte: &u8| !matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r');
        self.at = start + self.text.as_bytes()[start..].iter().take_while(|byte| is_inside(byte)).count();
        match &self.text[start..self.at] {
            "null" => Token::Null,
            word @ ("true" | "false") => Token::Truth(word),
            number => Token::Number(number),
        }
    }
}

/// A text that is borrowed where nothing in it was escaped.
#[derive(serde::Deserialize)]
struct Words<'a>(#[serde(borrow)] Cow<'a, str>);

/// Where the names stand that the same object has again later: readers of JSON take the last.
pub(super) fn said_again(text: &str) -> Result<HashSet<usize>, Unfit> {
    let mut tokens = Tokens::of(text).ok_or(Unfit::NoText)?;
    let (mut open, mut again) = (Vec::new(), HashSet::new());
    loop {
        let at = tokens.at();
        match tokens.next()? {
            None => return Ok(again),
            Some(Token::Object | Token::List) => open.push(HashMap::new()),
            Some(Token::End) => drop(open.pop()),
            Some(Token::Name(name)) => again.extend(open.last_mut().and_then(|names| names.insert(name, at))),
            Some(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Result<Vec<Token<'_>>, Unfit> {
        let (mut tokens, mut found) = (Tokens::of(text).unwrap(), Vec::new());
        while let Some(token) = tokens.next()? {
            found.push(token);
        }
        Ok(found)
    }

    #[test]
    fn every_token_comes_as_it_was_written() {
        use Token::{End, List, Name, Null, Number, Object, Text, Truth};
        let name = |text: &'static str| Name(text.into());
        let found = tokens(r#" { "a\n" : [1.50e+3, -0 , true,null],"b":{"c":"\"]}\\"} } "#).unwrap();
        let inner = [name("b"), Object, name("c"), Text("\"]}\\".into()), End, End];
        let expected = [Object, name("a\n"), List, Number("1.50e+3"), Number("-0"), Truth("true"), Null, End];
        assert_eq!(found, expected.into_iter().chain(inner).collect::<Vec<_>>());
        assert_eq!(tokens("12").unwrap(), [Number("12")]);
        assert_eq!(tokens(r#"["\ud83d"]"#), Err(Unfit::NoText));
        assert!(Tokens::of("{").is_none() && Tokens::of("").is_none());
    }

    #[test]
    fn of_a_name_that_stands_there_twice_the_first_is_named() {
        let text = r#"{"a": 1, "b": {"a": 2, "\u0061": 3}, "a": 4}"#;
        let again = said_again(text).unwrap();
        let name = |at: &usize| text[*at..].trim_start_matches([',', ' ']).get(..6).unwrap();
        let mut places: Vec<&str> = again.iter().map(name).collect();
        places.sort_unstable();
        assert_eq!(places, ["\"a\": 1", "\"a\": 2"]);
    }
}
