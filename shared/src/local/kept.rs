//! Mail that is kept instead of sent, for as long as nobody has set a mail server.

use bytes::Bytes;
use mail_parser::{Address, MessageParser};

use super::eml;
use super::store::Store;
use super::tables::MAIL;
use crate::address::EmailAddress;
use crate::id::WebhookId;
use crate::seam::{Answer, Email, Refusal, SendEmail};

/// Keeps each e-mail as it would have been sent, by its webhook's id: kept twice is kept once.
#[derive(Clone)]
pub struct KeptMail {
    store: Store,
    from: EmailAddress,
}

/// A kept mail, read back for show.
pub struct Shown {
    pub id: WebhookId,
    pub subject: String,
    pub from: String,
    pub to: String,
    pub text: String,
    pub html: String,
    /// Names and sizes.
    pub attachments: Vec<(String, usize)>,
}

impl KeptMail {
    pub fn new(store: Store, from: EmailAddress) -> Self {
        Self { store, from }
    }
}

impl Store {
    /// Up to `most` kept mails, latest first, all older than `before` where given.
    pub fn kept_mails(&self, before: Option<WebhookId>, most: usize) -> Answer<Vec<Shown>> {
        let end = before.map_or(u128::MAX, WebhookId::bits);
        self.read(|read| {
            let mut mails = Vec::new();
            for row in read.open_table(MAIL)?.range(..end)?.rev().take(most) {
                let (id, bytes) = row?;
                mails.extend(show(WebhookId::from_bits(id.value()), bytes.value()));
            }
            Ok(mails)
        })
    }

    pub fn kept_mail(&self, id: WebhookId) -> Answer<Option<Shown>> {
        Ok(self.kept_eml(id)?.and_then(|eml| show(id, &eml)))
    }

    /// The mail as it would have been sent.
    pub fn kept_eml(&self, id: WebhookId) -> Answer<Option<Bytes>> {
        self.read(|read| Ok(read.open_table(MAIL)?.get(id.bits())?.map(|row| Bytes::copy_from_slice(row.value()))))
    }
}

impl SendEmail for KeptMail {
    async fn send_email(&self, email: &Email) -> Result<(), Refusal> {
        let eml = eml::write(email, &self.from).map_err(Refusal::Never)?;
        let id = email.id.bits();
        let kept = self.store.write(move |tables| {
            tables.mail()?.insert(id, &*eml.bytes)?;
            Ok(())
        });
        kept.await.map_err(|problem| Refusal::Later(problem.0))
    }
}

/// Reads a mail that we wrote.
fn show(id: WebhookId, eml: &[u8]) -> Option<Shown> {
    let message = MessageParser::default().parse(eml)?;
    let attachments = message.attachments();
    Some(Shown {
        id,
        subject: message.subject().unwrap_or_default().to_owned(),
        from: addresses(message.from()),
        to: addresses(message.to()),
        text: message.body_text(0).unwrap_or_default().replace("\r\n", "\n"),
        html: message.body_html(0).unwrap_or_default().replace("\r\n", "\n"),
        attachments: attachments
            .map(|part| {
                (mail_parser::MimeHeaders::attachment_name(part).unwrap_or("attachment").to_owned(), part.len())
            })
            .collect(),
    })
}

fn addresses(list: Option<&Address<'_>>) -> String {
    let plain = list.into_iter().flat_map(Address::iter).filter_map(|one| one.address());
    plain.collect::<Vec<_>>().join(", ")
}
