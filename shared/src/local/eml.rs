//! An e-mail as the bytes that travel (RFC 5322, MIME).

use std::time::{Duration, UNIX_EPOCH};

use lettre::address::{AddressError, Envelope};
use lettre::message::header::{ContentDisposition, ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::{Address, Message};

use crate::address::EmailAddress;
use crate::seam::Email;

/// A message ready to travel.
pub(super) struct Eml {
    pub(super) envelope: Envelope,
    pub(super) bytes: Vec<u8>,
}

/// The e-mail's id makes its `Message-ID`: the same at every try, so that mail systems can tell a
/// repetition.
///
/// # Errors
/// An address that cannot stand in a mail: trying again will not help.
pub(super) fn write(email: &Email, from: &EmailAddress) -> Result<Eml, String> {
    let from = mailbox(from).map_err(|problem| problem.to_string())?;
    let date = UNIX_EPOCH + Duration::from_millis(email.date.0);
    let mut builder = Message::builder()
        .message_id(Some(format!("<{}@{}>", email.id, from.email.domain())))
        .from(from)
        .subject(email.subject.as_str())
        .date(date)
        .raw_header(raw("Auto-Submitted", "auto-generated"))
        .raw_header(raw("X-Hookpost-Id", &email.id.to_string()));
    for recipient in &email.to {
        builder = builder.to(mailbox(recipient).map_err(|problem| problem.to_string())?);
    }
    let message = builder.multipart(parts(email)?).map_err(|problem| problem.to_string())?;
    Ok(Eml { envelope: message.envelope().clone(), bytes: message.formatted() })
}

fn mailbox(address: &EmailAddress) -> Result<Mailbox, AddressError> {
    let plain: Address = address.address().parse()?;
    Ok(Mailbox::new(address.name().map(str::to_owned), plain))
}

/// Whether an address can stand in a mail.
pub(super) fn can_write(address: &EmailAddress) -> bool {
    mailbox(address).is_ok()
}

fn raw(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

fn parts(email: &Email) -> Result<MultiPart, String> {
    let alternatives = MultiPart::alternative()
        .singlepart(SinglePart::plain(email.text.clone()))
        .singlepart(SinglePart::html(email.html.clone()));
    let Some(attachment) = &email.attachment else { return Ok(alternatives) };
    let content_type = ContentType::parse(attachment.content_type).map_err(|problem| problem.to_string())?;
    let part = SinglePart::builder()
        .header(content_type)
        .header(ContentDisposition::attachment(attachment.name))
        .header(ContentTransferEncoding::Base64)
        .body(attachment.bytes.to_vec());
    Ok(MultiPart::mixed().multipart(alternatives).singlepart(part))
}
