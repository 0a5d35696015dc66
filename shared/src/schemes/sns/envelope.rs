//! The fields of an SNS message, read strictly and without a copy of the message.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::malformed;
use crate::signature::Fault;

/// No field is longer, but for the message itself.
const LONGEST: usize = 4_096;

/// The fields that count, as they are written. One that stands twice is refused.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Envelope<'a> {
    #[serde(borrow)]
    r#type: Option<&'a RawValue>,
    #[serde(borrow)]
    message: Option<&'a RawValue>,
    #[serde(borrow)]
    message_id: Option<&'a RawValue>,
    #[serde(borrow)]
    subject: Option<&'a RawValue>,
    #[serde(borrow)]
    timestamp: Option<&'a RawValue>,
    #[serde(borrow)]
    topic_arn: Option<&'a RawValue>,
    #[serde(borrow)]
    token: Option<&'a RawValue>,
    #[serde(borrow, rename = "SubscribeURL")]
    subscribe_url: Option<&'a RawValue>,
    #[serde(borrow)]
    signature: Option<&'a RawValue>,
    #[serde(borrow)]
    signature_version: Option<&'a RawValue>,
    #[serde(borrow, rename = "SigningCertURL")]
    signing_cert_url: Option<&'a RawValue>,
}

/// By which fields are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Notification,
    /// Of a subscription, or of its end.
    Confirmation,
}

/// What SNS says to whoever is to be subscribed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirmation {
    pub topic: String,
    pub token: String,
    /// Where a GET confirms it. It counts as SNS's word only if the body was proved; it is a link of the
    /// world all the same.
    pub subscribe_url: String,
}

/// What a body that was proved genuine says, if it asks for a subscription to be confirmed.
pub fn confirmation(body: &[u8]) -> Option<Confirmation> {
    let envelope = Envelope::read(body).ok()?;
    if envelope.short("Type").ok()? != "SubscriptionConfirmation" {
        return None;
    }
    let [topic, token, subscribe_url] = ["TopicArn", "Token", "SubscribeURL"].map(|name| envelope.short(name).ok());
    Some(Confirmation { topic: topic?, token: token?, subscribe_url: subscribe_url? })
}

impl<'a> Envelope<'a> {
    pub(super) fn read(body: &'a [u8]) -> Result<Self, Fault> {
        serde_json::from_slice(body).map_err(|_| Fault::Malformed("the body".into()))
    }

    pub(super) fn kind(&self) -> Result<Kind, Fault> {
        match &*self.short("Type")? {
            "Notification" => Ok(Kind::Notification),
            "SubscriptionConfirmation" | "UnsubscribeConfirmation" => Ok(Kind::Confirmation),
            _ => Err(malformed("Type")),
        }
    }

    pub(super) fn topic(&self) -> Result<String, Fault> {
        self.short("TopicArn")
    }

    pub(super) fn timestamp(&self) -> Result<String, Fault> {
        self.short("Timestamp")
    }

    pub(super) fn version(&self) -> Result<String, Fault> {
        self.short("SignatureVersion")
    }

    pub(super) fn signature(&self) -> Result<String, Fault> {
        self.short("Signature")
    }

    pub(super) fn certificate(&self) -> Result<String, Fault> {
        self.short("SigningCertURL")
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.field(name).is_some()
    }

    /// The text of a field, piece by piece.
    pub(super) fn write_field(&self, name: &'static str, sink: &mut dyn FnMut(&[u8])) -> Result<(), Fault> {
        let raw = self.field(name).ok_or_else(|| missing(name))?;
        unescaped(raw.get(), sink).ok_or_else(|| malformed(name))
    }

    fn short(&self, name: &'static str) -> Result<String, Fault> {
        let raw = self.field(name).ok_or_else(|| missing(name))?;
        let read = Some(raw.get()).filter(|raw| raw.len() <= LONGEST);
        read.and_then(|raw| serde_json::from_str(raw).ok()).ok_or_else(|| malformed(name))
    }

    fn field(&self, name: &str) -> Option<&'a RawValue> {
        match name {
            "Type" => self.r#type,
            "Message" => self.message,
            "MessageId" => self.message_id,
            "Subject" => self.subject,
            "Timestamp" => self.timestamp,
            "TopicArn" => self.topic_arn,
            "Token" => self.token,
            "SubscribeURL" => self.subscribe_url,
            "Signature" => self.signature,
            "SignatureVersion" => self.signature_version,
            "SigningCertURL" => self.signing_cert_url,
            _ => None,
        }
    }
}

fn missing(name: &'static str) -> Fault {
    Fault::Missing(format!("{name} in the body").into())
}

/// The text that a JSON string stands for, piece by piece. `None` if it is no string, or none of Unicode.
fn unescaped(raw: &str, sink: &mut dyn FnMut(&[u8])) -> Option<()> {
    let mut rest = raw.strip_prefix('"')?.strip_suffix('"')?;
    while let Some(at) = rest.find('\\') {
        sink(&rest.as_bytes()[..at]);
        let escape = *rest.as_bytes().get(at + 1)?;
        rest = rest.get(at + 2..)?;
        let plain = match escape {
            b'"' | b'\\' | b'/' => char::from(escape),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => unicode(&mut rest)?,
            _ => return None,
        };
        sink(plain.encode_utf8(&mut [0; 4]).as_bytes());
    }
    sink(rest.as_bytes());
    Some(())
}

/// One character of one escape, or of two: a pair of surrogates.
fn unicode(rest: &mut &str) -> Option<char> {
    let first = unit(rest)?;
    if !(0xd800..0xdc00).contains(&first) {
        return char::from_u32(first.into());
    }
    *rest = rest.strip_prefix("\\u")?;
    char::decode_utf16([first, unit(rest)?]).next()?.ok()
}

fn unit(rest: &mut &str) -> Option<u16> {
    let (digits, after) = (rest.get(..4)?, rest.get(4..)?);
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    *rest = after;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(raw: &str) -> Option<String> {
        let mut bytes = Vec::new();
        unescaped(raw, &mut |piece| bytes.extend_from_slice(piece))?;
        String::from_utf8(bytes).ok()
    }

    #[test]
    fn escapes_are_read_as_json_means_them() {
        let raw = r#""a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00é""#;
        assert_eq!(text(raw), serde_json::from_str(raw).ok());
        for wrong in [r#""\ud800""#, r#""\ud800\u0041""#, r#""\udc00""#, r#""\u00g0""#, r#""\x""#, "1", "\"", "null"] {
            assert_eq!(text(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn every_text_is_read_as_it_was_written(written in any::<String>()) {
            let raw = serde_json::to_string(&written).unwrap();
            prop_assert_eq!(text(&raw), Some(written));
        }

        #[test]
        fn no_text_makes_the_reader_panic(raw in any::<String>()) {
            text(&raw);
            text(&format!("\"\\u{raw}\""));
            confirmation(raw.as_bytes());
        }
    }
}
