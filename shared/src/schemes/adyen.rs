//! Adyen's payments: each item carries a signature over eight of its own fields.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};

use super::settings::SECRET;
use super::{Fetched, Presented, Proof, Prove, Scheme, Settings, Wrong};
use crate::signature::{Algorithm, Digest, Encoding, Fault, Key, KeyForm, Place};
use crate::timestamp::Timestamp;

/// Adyen sends one; its older interface up to six.
const MOST_ITEMS: usize = 64;

/// Fields beside the eight are not signed, so that the body as a whole is not covered.
pub(super) fn row() -> Scheme {
    let title = "Adyen payments (HMAC-SHA256 over eight fields of each item)";
    let page = "https://docs.adyen.com/development-resources/webhooks/secure-webhooks/verify-hmac-signatures";
    Scheme::own(("adyen", title, page), &[SECRET], Proof::Authenticated, make)
        .delivery(Place::pointer("/notificationItems/0/NotificationRequestItem/additionalData/hmacSignature"))
        .event(Place::pointer("/notificationItems/0/NotificationRequestItem/eventCode"))
}

struct Adyen(Vec<Key>);

fn make(settings: &Settings) -> Result<Arc<dyn Prove>, Wrong> {
    let algorithm = Algorithm::Hmac { digest: Digest::Sha256, key: KeyForm::Hex };
    let keys = settings.keys(|secret| Key::new(algorithm, secret))?;
    Ok(Arc::new(Adyen(keys)))
}

impl Prove for Adyen {
    fn prove(&self, request: &Presented<'_>, _: &Fetched, _: Timestamp) -> Result<Proof, Fault> {
        let malformed = || Fault::Malformed("the body".into());
        let body: Body<'_> = serde_json::from_slice(request.body).map_err(|_| malformed())?;
        if body.items.is_empty() || body.items.len() > MOST_ITEMS {
            return Err(malformed());
        }
        for holder in &body.items {
            self.check(&holder.item)?;
        }
        Ok(Proof::Authenticated)
    }
}

impl Adyen {
    fn check(&self, item: &Item<'_>) -> Result<(), Fault> {
        const WHERE: &str = "additionalData.hmacSignature in the body";
        let shown = item.additional.signature.as_deref().ok_or(Fault::Missing(WHERE.into()))?;
        let signature = Encoding::Base64.decode(shown).ok_or(Fault::Malformed(WHERE.into()))?;
        let fields = item.fields();
        let mut message = Vec::with_capacity(2 * fields.len());
        for (at, field) in fields.into_iter().enumerate() {
            message.extend((at > 0).then_some(":"));
            message.push(field);
        }
        let fits = self.0.iter().any(|key| key.fits(&message, std::slice::from_ref(&signature)));
        if fits { Ok(()) } else { Err(Fault::Mismatch) }
    }
}

/// A key that stands twice is refused by what serde derives; keys that are not signed are passed over.
#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow, rename = "notificationItems")]
    items: Vec<Holder<'a>>,
}

#[derive(Deserialize)]
struct Holder<'a> {
    #[serde(borrow, rename = "NotificationRequestItem")]
    item: Item<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item<'a> {
    #[serde(borrow, default)]
    psp_reference: Scalar<'a>,
    #[serde(borrow, default)]
    original_reference: Scalar<'a>,
    #[serde(borrow, default)]
    merchant_account_code: Scalar<'a>,
    #[serde(borrow, default)]
    merchant_reference: Scalar<'a>,
    #[serde(borrow, default)]
    amount: Amount<'a>,
    #[serde(borrow, default)]
    event_code: Scalar<'a>,
    #[serde(borrow, default)]
    success: Scalar<'a>,
    #[serde(borrow, default, rename = "additionalData")]
    additional: Additional<'a>,
}

#[derive(Default, Deserialize)]
struct Amount<'a> {
    #[serde(borrow, default)]
    value: Scalar<'a>,
    #[serde(borrow, default)]
    currency: Scalar<'a>,
}

#[derive(Default, Deserialize)]
struct Additional<'a> {
    #[serde(borrow, default, rename = "hmacSignature")]
    signature: Option<Cow<'a, str>>,
}

impl Item<'_> {
    fn fields(&self) -> [&str; 8] {
        let Amount { value, currency } = &self.amount;
        [
            &self.psp_reference,
            &self.original_reference,
            &self.merchant_account_code,
            &self.merchant_reference,
            value,
            currency,
            &self.event_code,
            &self.success,
        ]
        .map(|scalar| &*scalar.0)
    }
}

/// A text, a whole number or a boolean, as it is signed; empty for null.
#[derive(Default)]
struct Scalar<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Scalar<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Scalar<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a whole number or a boolean")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Scalar(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Scalar(Cow::Owned(text.to_owned())))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Scalar(Cow::Owned(number.to_string())))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Scalar(Cow::Owned(number.to_string())))
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Self::Value, E> {
        Ok(Scalar(Cow::Borrowed(if flag { "true" } else { "false" })))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Scalar::default())
    }
}

#[cfg(test)]
#[path = "tests/adyen.rs"]
mod tests;
