//! A letter: news of an endpoint on their way to a mailbox, through the inbound queue.

use bytes::{BufMut, Bytes, BytesMut};
use serde::{Deserialize, Serialize};

use crate::id::WebhookId;
use crate::seam::{News, What};

/// One e-mail's worth of news.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    pub to: Reader,
    #[serde(flatten)]
    pub news: News,
}

/// Who reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reader {
    /// Whoever runs Hookpost.
    Owner,
    /// Whoever the endpoint's configuration names.
    Contact,
}

/// The first byte of a message that is a letter. Those of webhooks are 1 and 2.
const LAYOUT: u8 = 3;

impl Letter {
    /// Everybody's letter. That one delivery was given up is mailed to nobody.
    pub fn all(news: &News) -> Vec<Self> {
        if matches!(news.what, What::Exhausted { .. }) {
            return Vec::new();
        }
        let contact = news.contact.as_ref().map(|_| Reader::Contact);
        let letter = |to| Self { to, news: news.clone() };
        std::iter::once(Reader::Owner).chain(contact).map(letter).collect()
    }

    /// The same for the same news to the same reader, whenever they are written.
    pub fn id(&self) -> WebhookId {
        let digest = self.news.digest(match self.to {
            Reader::Owner => "owner",
            Reader::Contact => "contact",
        });
        let mut random = [0; 10];
        random.copy_from_slice(&digest[..10]);
        WebhookId::new(self.news.since, random)
    }

    /// Which endpoint it is about, in a few words.
    pub fn about(&self) -> String {
        format!("endpoint {}", self.news.endpoint)
    }

    /// As a message of the inbound queue: the layout, then JSON.
    pub fn write(&self) -> Bytes {
        let json = serde_json::to_vec(self).unwrap_or_default();
        let mut message = BytesMut::with_capacity(1 + json.len());
        message.put_u8(LAYOUT);
        message.put_slice(&json);
        message.freeze()
    }

    /// `None` if the message is no letter.
    pub fn read(message: &[u8]) -> Option<Self> {
        let (layout, json) = message.split_first()?;
        (*layout == LAYOUT).then(|| serde_json::from_slice(json).ok())?
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::seam::LastAnswer;
    use crate::timestamp::Timestamp;

    fn news(what: What, since: u64, at: u64, contact: Option<&str>) -> News {
        News {
            tenant: "default".into(),
            endpoint: "a".into(),
            url: "https://a.example/".into(),
            what,
            since: Timestamp(since),
            at: Timestamp(at),
            answers: vec![LastAnswer { at: Timestamp(at), status: Some(500), error: None, response: None }],
            held: 3,
            contact: contact.map(|address| address.parse().unwrap()),
            is_operational: false,
        }
    }

    #[test]
    fn everybody_who_is_told_has_a_letter_of_his_own() {
        let letters = Letter::all(&news(What::Recovered, 1_000, 2_000, Some("a@b.c")));
        assert_eq!(letters.iter().map(|letter| letter.to).collect::<Vec<_>>(), [Reader::Owner, Reader::Contact]);
        assert_ne!(letters[0].id(), letters[1].id());
        assert_eq!(Letter::all(&news(What::Failing, 1, 2, None)).len(), 1);
        let (event, kind) = ("e".parse().unwrap(), "order.created".parse().unwrap());
        let exhausted = What::Exhausted { event, kind, attempts: 10 };
        assert_eq!(Letter::all(&news(exhausted, 1, 2, Some("a@b.c"))), []);
    }

    #[test]
    fn the_same_news_have_the_same_name_whenever_they_are_told() {
        let id = |what, since, at| Letter::all(&news(what, since, at, None))[0].id();
        assert_eq!(id(What::Failing, 1, 2), id(What::Failing, 1, 3));
        assert_ne!(id(What::Failing, 1, 2), id(What::Failing, 2, 2));
        assert_ne!(id(What::Failing, 1, 2), id(What::Recovered, 1, 2));
        let disabled = |reason: &str| What::Disabled { reason: reason.into() };
        assert_eq!(id(disabled("a"), 1, 2), id(disabled("b"), 1, 2));
    }

    #[test]
    fn a_letter_is_read_back_as_it_was_written() {
        for letter in Letter::all(&news(What::Disabled { reason: "gone".into() }, 1, 2, Some("A <a@b.c>"))) {
            assert_eq!(Letter::read(&letter.write()), Some(letter));
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(message: Vec<u8>) {
            let _ = Letter::read(&message);
            let _ = Letter::read(&[&[LAYOUT], &*message].concat());
        }
    }
}
