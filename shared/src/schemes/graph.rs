//! Microsoft Graph change notifications: the client state of each, and the tokens of those with data.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::jwt::Bearer;
use super::{Fetched, Presented, Proof, Prove, Scheme, Setting, Settings, Wanted, Wrong};
use crate::secret::Secret;
use crate::signature::Fault;
use crate::timestamp::Timestamp;

/// Microsoft Graph Change Tracking, the same in every tenant.
const APPLICATION: &str = "0bf30f3b-4a52-48df-9a82-234910c4a086";

/// One for each pair of application and tenant.
const MOST_TOKENS: usize = 8;

pub(super) fn rows() -> [Scheme; 2] {
    let state = Setting::needed("secret", "the clientState of the subscription");
    let page = "https://learn.microsoft.com/en-us/graph/change-notifications-delivery-webhooks";
    let basic = ("microsoft-graph", "Microsoft Graph", page);
    let page = "https://learn.microsoft.com/en-us/graph/change-notifications-with-resource-data";
    let rich = ("microsoft-graph-rich", "Microsoft Graph, notifications with resource data", page);
    let settings = [
        state,
        Setting::needed("tenant", "the id of the Microsoft Entra tenant"),
        Setting::needed("audience", "the id of the application that subscribed"),
    ];
    [
        Scheme::own(basic, &[state], Proof::Authenticated, |settings| make(settings, None)),
        Scheme::own(rich, &settings, Proof::Authenticated, |settings| {
            make(settings, Some(Bearer::entra(settings, APPLICATION)?))
        }),
    ]
}

struct Notifications {
    states: Vec<Secret>,
    tokens: Option<Bearer>,
}

fn make(settings: &Settings, tokens: Option<Bearer>) -> Result<Arc<dyn Prove>, Wrong> {
    Ok(Arc::new(Notifications { states: settings.secrets("secret").to_vec(), tokens }))
}

impl Prove for Notifications {
    fn wants(&self, request: &Presented<'_>) -> Vec<Wanted> {
        let Some(bearer) = &self.tokens else { return Vec::new() };
        let Ok(read) = self.read(request) else { return Vec::new() };
        if !read.all_known {
            return Vec::new();
        }
        read.tokens.iter().filter_map(|token| bearer.wants(token)).collect()
    }

    /// Neither covers the body.
    fn prove(&self, request: &Presented<'_>, fetched: &Fetched, now: Timestamp) -> Result<Proof, Fault> {
        let read = self.read(request)?;
        if !read.all_known {
            return Err(Fault::Mismatch);
        }
        if let Some(bearer) = &self.tokens {
            if read.tokens.is_empty() {
                return Err(Fault::Missing("validationTokens in the body".into()));
            }
            read.tokens.iter().try_for_each(|token| bearer.check(token, request, fetched, now))?;
        }
        Ok(Proof::Authenticated)
    }
}

impl Notifications {
    fn read<'a>(&self, request: &Presented<'a>) -> Result<Read<'a>, Fault> {
        let malformed = || Fault::Malformed("the body".into());
        let mut reader = serde_json::Deserializer::from_slice(request.body);
        let read = Whole(&self.states).deserialize(&mut reader).map_err(|_| malformed())?;
        reader.end().map_err(|_| malformed())?;
        Ok(read)
    }
}

/// What counts of a body.
struct Read<'a> {
    /// Whether there is a notification, and each has a client state that is known.
    all_known: bool,
    tokens: Vec<Cow<'a, str>>,
}

/// A collection of notifications. A key that stands twice is refused.
struct Whole<'s>(&'s [Secret]);

/// The list of notifications: whether all are known.
struct List<'s>(&'s [Secret]);

/// One notification: whether it is known.
struct Item<'s>(&'s [Secret]);

macro_rules! seed {
    ($seed:ident, $value:ty, $method:ident) => {
        impl<'de> DeserializeSeed<'de> for $seed<'_> {
            type Value = $value;

            fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
                deserializer.$method(self)
            }
        }
    };
}

seed!(Whole, Read<'de>, deserialize_map);
seed!(List, bool, deserialize_seq);
seed!(Item, bool, deserialize_map);

impl<'de> Visitor<'de> for Whole<'_> {
    type Value = Read<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a collection of notifications")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut known, mut tokens) = (None, None);
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            match &*key {
                "value" if known.is_none() => known = Some(map.next_value_seed(List(self.0))?),
                "validationTokens" if tokens.is_none() => tokens = Some(map.next_value::<Tokens<'de>>()?.0),
                "value" | "validationTokens" => return Err(A::Error::custom("a key stands twice")),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(Read { all_known: known == Some(true), tokens: tokens.unwrap_or_default() })
    }
}

impl<'de> Visitor<'de> for List<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of notifications")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<bool, A::Error> {
        let (mut any, mut all) = (false, true);
        while let Some(known) = list.next_element_seed(Item(self.0))? {
            (any, all) = (true, all & known);
        }
        Ok(any && all)
    }
}

impl<'de> Visitor<'de> for Item<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a notification")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        let mut known = None;
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            if key != "clientState" {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            if known.is_some() {
                return Err(A::Error::custom("a key stands twice"));
            }
            let shown = map.next_value::<Option<Cow<'de, str>>>()?.unwrap_or_default();
            known = Some(self.0.iter().filter(|state| state.matches(shown.as_bytes())).count() > 0);
        }
        Ok(known == Some(true))
    }
}

/// No more than there may be.
struct Tokens<'a>(Vec<Cow<'a, str>>);

impl<'de> serde::Deserialize<'de> for Tokens<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Vec<Cow<'de, str>>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a few tokens")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut tokens = Vec::new();
                while let Some(token) = list.next_element::<Cow<'de, str>>()? {
                    if tokens.len() == MOST_TOKENS {
                        return Err(A::Error::custom("too many tokens"));
                    }
                    tokens.push(token);
                }
                Ok(tokens)
            }

            fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
                Ok(Vec::new())
            }
        }
        deserializer.deserialize_any(Reader).map(Tokens)
    }
}

#[cfg(test)]
mod tests;
