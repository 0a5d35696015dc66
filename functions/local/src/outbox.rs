//! Where mail goes: to a mail server, or to be kept and shown.

use shared::address::EmailAddress;
use shared::local::{KeptMail, Server, Smtp, Store};
use shared::seam::{Answer, Confirmation, Confirmations, Email, Refusal, SendEmail};

use crate::settings::Settings;
use crate::stop::Stop;

/// The two ways mail takes on one machine.
#[derive(Clone)]
pub(crate) enum Outbox {
    /// `SMTP_URL` is set.
    Smtp(Smtp),
    /// It is not.
    Kept(KeptMail),
}

impl Outbox {
    pub(crate) fn open(settings: &Settings, store: &Store) -> Result<Self, Stop> {
        let server = settings.smtp_url().map(Server::parse).transpose();
        match server.map_err(|problem| Stop::setting("SMTP_URL", problem.to_string()))? {
            Some(server) => {
                let from = from(settings, server.user())?;
                Ok(Self::Smtp(Smtp::new(server, from)))
            }
            None => Ok(Self::Kept(KeptMail::new(store.clone(), from(settings, Some("hookpost@localhost"))?))),
        }
    }

    /// How many mails are sent at once: what a mail server bears, or what fills a commit.
    pub(crate) fn at_once(&self) -> usize {
        match self {
            Self::Smtp(_) => 8,
            Self::Kept(_) => 64,
        }
    }
}

impl SendEmail for Outbox {
    async fn send_email(&self, email: &Email) -> Result<(), Refusal> {
        match self {
            Self::Smtp(smtp) => smtp.send_email(email).await,
            Self::Kept(kept) => kept.send_email(email).await,
        }
    }
}

impl Confirmations for Outbox {
    /// Nothing: a mail server asks for no clicks.
    async fn confirmations(&self) -> Answer<Vec<Confirmation>> {
        let detail = match self {
            Self::Smtp(smtp) => format!("is sent through {}", smtp.server()),
            Self::Kept(_) => "is kept and shown at /mail".into(),
        };
        Ok(vec![Confirmation { name: "mail".into(), done: true, detail }])
    }
}

/// `MAIL_FROM`; else the user of the mail server, who may send under that name.
fn from(settings: &Settings, user: Option<&str>) -> Result<EmailAddress, Stop> {
    let wrong = |problem: String| Stop::setting("MAIL_FROM", problem);
    if let Some(text) = settings.mail_from() {
        let from = text.parse().map_err(|problem| wrong(format!("\"{}\" {problem}", text.escape_debug())))?;
        return writable(from).map_err(wrong);
    }
    let user = user.and_then(|user| user.parse().ok());
    user.ok_or_else(|| {
        wrong("is missing; with SMTP_URL set, write whom mail is from, like hookpost@example.com".into())
    })
}

/// The address, if it can stand in a mail.
pub(crate) fn writable(address: EmailAddress) -> Result<EmailAddress, String> {
    let problem = || format!("\"{address}\" cannot stand in a mail; write name@example.com");
    if Smtp::can_write(&address) { Ok(address.clone()) } else { Err(problem()) }
}
