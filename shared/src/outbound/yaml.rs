//! An event as YAML 1.2 that readers of YAML 1.1 read alike.
//!
//! Whatever could be read as something else than a text is quoted. Of a name that an object has twice
//! the last counts, as with readers of JSON: readers of YAML refuse a second.

mod scalar;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::fields::Unfit;
use super::json::{Token, Tokens, said_again};
use crate::event::Event;

/// `type`, `timestamp` and `data`, or `data_base64` for what is no text.
pub(super) fn of(event: &Event, most: usize) -> Result<String, Unfit> {
    let whole = Open { object: true, brackets: false, first: true };
    let mut yaml = Yaml { text: String::new(), most, open: vec![whole], after_dash: false };
    yaml.field("type", event.kind.as_str())?;
    yaml.field("timestamp", &event.timestamp.precise())?;
    match std::str::from_utf8(&event.data.bytes) {
        Ok(json) if event.data.is_json() => yaml.json(json)?,
        Ok(text) => yaml.field("data", text)?,
        Err(_) => yaml.field("data_base64", &STANDARD.encode(&event.data.bytes))?,
    }
    Ok(yaml.text)
}

/// What lies deeper stands on one line, in brackets.
const DEEPEST_BLOCK: usize = 16;

/// No reader need look further for the colon; longer names are marked.
const LONGEST_NAME: usize = 128;

struct Yaml {
    text: String,
    most: usize,
    /// The objects and lists around, the whole first.
    open: Vec<Open>,
    /// The next item or name follows the dash of a list on its line.
    after_dash: bool,
}

#[derive(Clone, Copy)]
struct Open {
    object: bool,
    /// In brackets, not on lines of its own.
    brackets: bool,
    /// Nothing of it is written yet.
    first: bool,
}

impl Yaml {
    fn field(&mut self, name: &str, value: &str) -> Result<(), Unfit> {
        self.name(name);
        self.words(value);
        self.bounded()
    }

    fn json(&mut self, json: &str) -> Result<(), Unfit> {
        let again = said_again(json)?;
        let mut tokens = Tokens::of(json).ok_or(Unfit::NoText)?;
        self.name("data");
        loop {
            let at = tokens.at();
            let Some(token) = tokens.next()? else { return Ok(()) };
            match token {
                Token::Name(_) if again.contains(&at) => drop(tokens.skip()),
                Token::Name(name) => self.name(&name),
                Token::Object | Token::List if tokens.ends_here() => {
                    tokens.next()?;
                    self.plain(if token == Token::Object { "{}" } else { "[]" });
                }
                Token::Object | Token::List => self.begin(token == Token::Object),
                Token::End => self.end(),
                Token::Text(text) => self.words(&text),
                Token::Number(number) if scalar::is_plain_number(number) => self.plain(number),
                Token::Number(number) => self.plain(&format!("!!float {number}")),
                Token::Truth(word) => self.plain(word),
                Token::Null => self.plain("null"),
            }
            self.bounded()?;
        }
    }

    fn bounded(&self) -> Result<(), Unfit> {
        if self.text.len() > self.most { Err(Unfit::TooLarge) } else { Ok(()) }
    }

    fn inside(&self) -> Open {
        self.open.last().copied().unwrap_or(Open { object: true, brackets: false, first: false })
    }

    /// What comes before a name or an item.
    fn lead(&mut self) {
        let Some(open) = self.open.last_mut() else { return };
        let is_first = std::mem::take(&mut open.first);
        if open.brackets {
            self.text.push_str(if is_first { "" } else { ", " });
        } else if std::mem::take(&mut self.after_dash) {
            self.text.push(' ');
        } else {
            self.indent(self.open.len() - 1);
        }
    }

    fn indent(&mut self, depth: usize) {
        self.text.extend(std::iter::repeat_n("  ", depth));
    }

    fn name(&mut self, name: &str) {
        self.lead();
        let is_long = name.len() > LONGEST_NAME;
        self.text.push_str(if is_long { "? " } else { "" });
        self.on_one_line(name);
        match (is_long, self.inside().brackets) {
            (false, false) => self.text.push(':'),
            (false, true) => self.text.push_str(": "),
            (true, true) => self.text.push_str(" : "),
            (true, false) => {
                self.text.push('\n');
                self.indent(self.open.len() - 1);
                self.text.push(':');
            }
        }
    }

    /// What comes before a value that is an item of a list.
    fn item(&mut self) {
        if self.inside().object {
            return;
        }
        self.lead();
        self.text.push_str(if self.inside().brackets { "" } else { "-" });
    }

    fn begin(&mut self, object: bool) {
        self.item();
        let around = self.inside();
        let brackets = around.brackets || self.open.len() > DEEPEST_BLOCK;
        if brackets {
            self.text.push_str(if around.brackets { "" } else { " " });
            self.text.push(if object { '{' } else { '[' });
        } else if around.object {
            self.text.push('\n');
        } else {
            self.after_dash = true;
        }
        self.open.push(Open { object, brackets, first: true });
    }

    fn end(&mut self) {
        let Some(Open { object, brackets: true, .. }) = self.open.pop() else { return };
        self.text.push(if object { '}' } else { ']' });
        self.text.push_str(if self.inside().brackets { "" } else { "\n" });
    }

    fn plain(&mut self, value: &str) {
        self.value(|yaml| yaml.text.push_str(value));
    }

    fn value(&mut self, write: impl FnOnce(&mut Self)) {
        self.item();
        let in_lines = !self.inside().brackets;
        self.text.push_str(if in_lines { " " } else { "" });
        write(self);
        self.text.push_str(if in_lines { "\n" } else { "" });
    }

    fn words(&mut self, words: &str) {
        if self.inside().brackets || !scalar::has_lines(words) {
            return self.value(|yaml| yaml.on_one_line(words));
        }
        let lines = words.strip_suffix('\n');
        self.value(|yaml| {
            yaml.text.push_str(if lines.is_some() { "|" } else { "|-" });
            for line in lines.unwrap_or(words).split('\n') {
                yaml.text.push('\n');
                if !line.is_empty() {
                    yaml.indent(yaml.open.len());
                    yaml.text.push_str(line);
                }
            }
        });
    }

    fn on_one_line(&mut self, words: &str) {
        if scalar::is_plain(words) {
            self.text.push_str(words);
        } else {
            scalar::quote(words, &mut self.text);
        }
    }
}

#[cfg(test)]
mod tests;
