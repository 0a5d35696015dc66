//! Amazon SNS: fields of the body, signed by a key whose certificate SNS names and we fetch.

mod envelope;

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY, SHA256};
use aws_lc_rs::signature::{
    RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256, VerificationAlgorithm,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Fetched, Presented, Proof, Prove, Scheme, Setting, Settings, Wanted, Wrong};
use crate::signature::{Fault, Place, judge};
use crate::timestamp::Timestamp;
use envelope::{Envelope, Kind};

pub use envelope::{Confirmation, confirmation};

/// Longer than SNS tries to deliver over HTTP, which is an hour.
const TOLERANCE: Duration = Duration::from_secs(3_900);

pub(super) fn row() -> Scheme {
    let page = "https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html";
    let settings = [
        Setting::needed("topics", "the ARN of the topic, or a list"),
        Setting::optional("signature_version", "1 or 2, if messages signed otherwise are to be refused"),
    ];
    Scheme::own(("aws-sns", "Amazon SNS", page), &settings, Proof::Signed, make)
        .delivery(Place::header("x-amz-sns-message-id"))
        .event(Place::header("x-amz-sns-message-type"))
}

struct Message {
    topics: Vec<String>,
    version: Option<Version>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Version {
    Sha1,
    Sha256,
}

fn make(settings: &Settings) -> Result<Arc<dyn Prove>, Wrong> {
    let topics: Vec<_> = settings.texts("topics")?.into_iter().map(str::to_owned).collect();
    if topics.is_empty() || topics.iter().any(|topic| !is_topic(topic)) {
        return Err(Wrong::new("topics", "is no ARN of a topic; write arn:aws:sns:REGION:ACCOUNT:NAME"));
    }
    let said = settings.value("signature_version").map(|value| value.to_string());
    let version = match said.as_deref().map(|said| said.trim_matches('"')) {
        None => None,
        Some("1") => Some(Version::Sha1),
        Some("2") => Some(Version::Sha256),
        Some(_) => return Err(Wrong::new("signature_version", "is neither 1 nor 2")),
    };
    Ok(Arc::new(Message { topics, version }))
}

fn is_topic(arn: &str) -> bool {
    let mut parts = arn.split(':');
    let is_sns = parts.next() == Some("arn") && parts.next().is_some() && parts.next() == Some("sns");
    is_sns && parts.count() == 3
}

impl Prove for Message {
    fn wants(&self, request: &Presented<'_>) -> Vec<Wanted> {
        let wanted = Envelope::read(request.body).and_then(|envelope| self.wanted(&envelope));
        wanted.into_iter().collect()
    }

    fn prove(&self, request: &Presented<'_>, fetched: &Fetched, now: Timestamp) -> Result<Proof, Fault> {
        let envelope = Envelope::read(request.body)?;
        let wanted = self.wanted(&envelope)?;
        let sent = Timestamp::read(&envelope.timestamp()?).ok_or_else(|| malformed("Timestamp"))?;
        judge(sent.0, TOLERANCE, now)?;
        let signature = STANDARD.decode(envelope.signature()?).map_err(|_| malformed("Signature"))?;
        let certificate = fetched.certificate(&wanted)?;
        certificate.counts_at(now)?;
        let (by, digest): (&'static dyn VerificationAlgorithm, _) = match self.version(&envelope)? {
            Version::Sha1 => (&RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY, &SHA1_FOR_LEGACY_USE_ONLY),
            Version::Sha256 => (&RSA_PKCS1_2048_8192_SHA256, &SHA256),
        };
        let mut signed = Context::new(digest);
        envelope.write(&mut |bytes| signed.update(bytes))?;
        if certificate.signed(by, &signed.finish(), &signature) { Ok(Proof::Signed) } else { Err(Fault::Mismatch) }
    }
}

impl Message {
    /// Only of a topic of ours, and from where SNS keeps its certificates.
    fn wanted(&self, envelope: &Envelope<'_>) -> Result<Wanted, Fault> {
        let topic = envelope.topic()?;
        if !self.topics.contains(&topic) {
            return Err(Fault::NotAllowed("TopicArn".into()));
        }
        self.version(envelope)?;
        let url = envelope.certificate()?;
        if is_certificate_of_sns(&url) { Ok(Wanted::certificate(url)) } else { Err(not_allowed("SigningCertURL")) }
    }

    fn version(&self, envelope: &Envelope<'_>) -> Result<Version, Fault> {
        let version = match &*envelope.version()? {
            "1" => Version::Sha1,
            "2" => Version::Sha256,
            _ => return Err(malformed("SignatureVersion")),
        };
        let is_taken = self.version.is_none_or(|pinned| pinned == version);
        if is_taken { Ok(version) } else { Err(not_allowed("SignatureVersion")) }
    }
}

fn malformed(field: &'static str) -> Fault {
    Fault::Malformed(format!("{field} in the body").into())
}

fn not_allowed(field: &'static str) -> Fault {
    Fault::NotAllowed(format!("{field} in the body").into())
}

/// Whether that is exactly `https://sns.REGION.amazonaws.com/SimpleNotificationService-HEX.pem`, or the
/// same in China. Nothing is left for a reader of addresses to understand otherwise.
fn is_certificate_of_sns(url: &str) -> bool {
    let parts = url.strip_prefix("https://").and_then(|rest| rest.split_once('/'));
    let Some((host, path)) = parts else { return false };
    let name = path.strip_prefix("SimpleNotificationService-").and_then(|rest| rest.strip_suffix(".pem"));
    let is_name = |text: &str| (8..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_host(host) && name.is_some_and(is_name)
}

/// Whether that is exactly `sns.REGION.amazonaws.com`, or the same in China. What is shaped otherwise may be
/// a bucket of somebody's: `sns.s3-us-west-2.amazonaws.com`.
pub fn is_host(host: &str) -> bool {
    let Some(rest) = host.strip_prefix("sns.") else { return false };
    let world = rest.strip_suffix(".amazonaws.com").filter(|region| !region.starts_with("cn-"));
    let china = rest.strip_suffix(".amazonaws.com.cn").filter(|region| region.starts_with("cn-"));
    world.or(china).is_some_and(is_region)
}

/// Like `us-east-1`, `us-gov-west-1` or `eusc-de-east-1`.
fn is_region(text: &str) -> bool {
    let Some((names, number)) = text.rsplit_once('-') else { return false };
    let letters = |part: &str| (2..=12).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_lowercase());
    let is_number = (1..=2).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number && (2..=4).contains(&names.split('-').count()) && names.split('-').all(letters)
}

impl Envelope<'_> {
    /// What is signed: names and values of the fields that this kind has, in the order of their names.
    fn write(&self, sink: &mut dyn FnMut(&[u8])) -> Result<(), Fault> {
        let fields: &[&'static str] = match self.kind()? {
            Kind::Notification => &["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"],
            Kind::Confirmation => &["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"],
        };
        for name in fields {
            if self.has(name) || *name != "Subject" {
                sink(name.as_bytes());
                sink(b"\n");
                self.write_field(name, sink)?;
                sink(b"\n");
            }
        }
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests;
