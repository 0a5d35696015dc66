//! E-mail addresses: who gets the mail and who it is from.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// `name@example.com`, or `A Name <name@example.com>`. To hold one is proof that it can stand in a
/// mail's header: one `@`, no white space or control character in the address, none in the name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailAddress {
    name: Option<String>,
    address: String,
}

/// The text is not an e-mail address.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not an e-mail address; write name@example.com or A Name <name@example.com>")]
pub struct NotAnAddress;

impl EmailAddress {
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The address alone, as an envelope carries it.
    pub fn address(&self) -> &str {
        &self.address
    }
}

impl FromStr for EmailAddress {
    type Err = NotAnAddress;

    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        let text = text.trim();
        let (name, address) = match text.strip_suffix('>').and_then(|t| t.split_once('<')) {
            Some((name, address)) => (name.trim().trim_matches('"'), address),
            None => ("", text),
        };
        let (user, domain) = address.rsplit_once('@').ok_or(NotAnAddress)?;
        // Neither SES nor most mail servers take other characters in an address.
        let stray = |c: char| !c.is_ascii() || c.is_control() || c.is_whitespace() || "<>,;:\"()@[]\\".contains(c);
        let wrong = user.is_empty() || domain.is_empty() || address.len() > 254;
        let dots = |part: &str| part.starts_with('.') || part.ends_with('.') || part.contains("..");
        if wrong || user.contains(stray) || domain.contains(stray) || dots(user) || dots(domain) {
            return Err(NotAnAddress);
        }
        if name.contains(|c: char| c.is_control() || "<>\"".contains(c)) {
            return Err(NotAnAddress);
        }
        let name = (!name.is_empty()).then(|| name.to_owned());
        Ok(Self { name, address: address.to_owned() })
    }
}

impl Serialize for EmailAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EmailAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name} <{}>", self.address),
            None => f.write_str(&self.address),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_with_and_without_a_name() {
        let plain: EmailAddress = " ops@example.com ".parse().unwrap();
        assert_eq!((plain.name(), plain.address()), (None, "ops@example.com"));
        let named: EmailAddress = "\"The Ops\" <ops@example.com>".parse().unwrap();
        assert_eq!((named.name(), named.address()), (Some("The Ops"), "ops@example.com"));
    }

    #[test]
    fn what_could_break_a_header_is_no_address() {
        for wrong in
            ["", "ops", "@", "a@", "@b", "a b@c", "a@b\r\nBcc: x@y", "a@b,c@d", "<a@b", "a@b@c", "a..b@c", "A\nB <a@b>"]
        {
            assert_eq!(wrong.parse::<EmailAddress>(), Err(NotAnAddress), "{wrong:?}");
        }
    }
}
