//! PayPal: a signature over a checksum of the body, by a key whose certificate PayPal names and we fetch.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::RSA_PKCS1_2048_8192_SHA256;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Fetched, Presented, Proof, Prove, Scheme, Setting, Settings, Wanted, Wrong};
use crate::quantity;
use crate::signature::{Fault, Place, judge};
use crate::timestamp::Timestamp;

const ID: &str = "paypal-transmission-id";
const TIME: &str = "paypal-transmission-time";
const SIGNATURE: &str = "paypal-transmission-sig";
const ADDRESS: &str = "paypal-cert-url";
const ALGORITHM: &str = "paypal-auth-algo";

/// How long ago a transmission may be, if its owner says nothing.
const TOLERANCE: Duration = Duration::from_secs(3_600);

/// A CRC-32 is no digest: to change a body so that it keeps its checksum is easy for whoever has a signed
/// request. So it proves who calls, not what is said; that stands and falls with TLS.
pub(super) fn row() -> Scheme {
    let page = "https://developer.paypal.com/api/rest/webhooks/rest/";
    let settings = [
        Setting::needed("webhook_id", "the id of the webhook, which PayPal shows beside it"),
        Setting::optional("environment", "production or sandbox; production if not said"),
        Setting::optional("tolerance", "how old a transmission may be; 1h if not said"),
    ];
    Scheme::own(
        ("paypal", "PayPal (its signature covers a checksum of the body)", page),
        &settings,
        Proof::Authenticated,
        make,
    )
    .delivery(Place::pointer("/id"))
    .event(Place::pointer("/event_type"))
}

struct Transmission {
    webhook: String,
    hosts: [&'static str; 2],
    tolerance: Duration,
}

fn make(settings: &Settings) -> Result<Arc<dyn Prove>, Wrong> {
    let webhook = settings.text("webhook_id")?.unwrap_or_default().to_owned();
    if !is_word(&webhook) {
        return Err(Wrong::new("webhook_id", "is no id of a webhook"));
    }
    let hosts = match settings.text("environment")? {
        None | Some("production") => ["api.paypal.com", "api-m.paypal.com"],
        Some("sandbox") => ["api.sandbox.paypal.com", "api-m.sandbox.paypal.com"],
        Some(_) => return Err(Wrong::new("environment", "is neither production nor sandbox")),
    };
    let said = settings.text("tolerance")?.map(quantity::duration);
    let tolerance = said.unwrap_or(Some(TOLERANCE));
    let tolerance = tolerance.ok_or_else(|| Wrong::new("tolerance", "is not a duration; write 10m or 1h"))?;
    Ok(Arc::new(Transmission { webhook, hosts, tolerance }))
}

impl Prove for Transmission {
    fn wants(&self, request: &Presented<'_>) -> Vec<Wanted> {
        self.wanted(request).into_iter().collect()
    }

    fn prove(&self, request: &Presented<'_>, fetched: &Fetched, now: Timestamp) -> Result<Proof, Fault> {
        let wanted = self.wanted(request)?;
        let (id, time) = (header(request, ID)?, header(request, TIME)?);
        let malformed = |name: &str| Fault::Malformed(format!("header {name}").into());
        let sent = Timestamp::read(time).ok_or_else(|| malformed(TIME))?;
        judge(sent.0, self.tolerance, now)?;
        let signature = STANDARD.decode(header(request, SIGNATURE)?).map_err(|_| malformed(SIGNATURE))?;
        let certificate = fetched.certificate(&wanted)?;
        certificate.counts_at(now)?;
        let message = format!("{id}|{time}|{}|{}", self.webhook, checksum(request.body));
        let digest = digest(&SHA256, message.as_bytes());
        match certificate.signed(&RSA_PKCS1_2048_8192_SHA256, &digest, &signature) {
            true => Ok(Proof::Authenticated),
            false => Err(Fault::Mismatch),
        }
    }
}

impl Transmission {
    fn wanted(&self, request: &Presented<'_>) -> Result<Wanted, Fault> {
        if header(request, ALGORITHM)? != "SHA256withRSA" {
            return Err(Fault::NotAllowed(format!("header {ALGORITHM}").into()));
        }
        // Neither may reach into the next field of what is signed.
        for name in [ID, TIME] {
            if header(request, name)?.contains('|') {
                return Err(Fault::Malformed(format!("header {name}").into()));
            }
        }
        let url = header(request, ADDRESS)?;
        let is_ours = self.hosts.iter().any(|host| is_certificate_at(host, url));
        if is_ours { Ok(Wanted::certificate(url)) } else { Err(Fault::NotAllowed(format!("header {ADDRESS}").into())) }
    }
}

/// Whether that is exactly `https://HOST/v1/notifications/certs/NAME`.
fn is_certificate_at(host: &str, url: &str) -> bool {
    let rest = url.strip_prefix("https://").and_then(|rest| rest.strip_prefix(host));
    rest.and_then(|rest| rest.strip_prefix("/v1/notifications/certs/")).is_some_and(is_word)
}

fn is_word(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=128).contains(&text.len()) && text.bytes().all(plain)
}

/// A header that stands there once.
fn header<'a>(request: &Presented<'a>, name: &str) -> Result<&'a str, Fault> {
    let named = || format!("header {name}").into();
    let mut values = request.headers.get_all(name).iter();
    let value = values.next().ok_or_else(|| Fault::Missing(named()))?;
    let text = value.to_str().ok().filter(|_| values.next().is_none());
    text.ok_or_else(|| Fault::Malformed(named()))
}

/// CRC-32 as in zip and Ethernet (ISO-HDLC).
fn checksum(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |sum, byte| (sum >> 8) ^ TABLE[usize::from(sum as u8 ^ byte)])
}

const TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 {
        let (mut sum, mut bit) = (at as u32, 0);
        while bit < 8 {
            sum = if sum & 1 == 1 { (sum >> 1) ^ 0xedb8_8320 } else { sum >> 1 };
            bit += 1;
        }
        table[at] = sum;
        at += 1;
    }
    table
};

#[cfg(test)]
mod tests;
