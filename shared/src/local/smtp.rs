//! Mail by SMTP: each step answered as it must be, each refusal told from the others.

mod server;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use lettre::transport::smtp::Error;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::response::Response;
use tokio::time::timeout;

use super::eml::{self, Eml};
use crate::address::EmailAddress;
use crate::outside::Outside;
use crate::seam::{Email, Refusal, SendEmail};

pub use server::{Server, SmtpUrlError};

/// How long the way to the first command may take: call, greeting, TLS, password.
const GREETING: Duration = Duration::from_secs(30);

/// How long the answer to a command may take.
const COMMAND: Duration = Duration::from_secs(60);

/// How long a server may think about a whole mail. Who hangs up earlier gets it delivered twice.
const VERDICT: Duration = Duration::from_secs(300);

/// A mail server. Clones share its connections.
#[derive(Clone)]
pub struct Smtp {
    server: Arc<Server>,
    from: EmailAddress,
}

impl Smtp {
    pub fn new(server: Server, from: EmailAddress) -> Self {
        Self { server: Arc::new(server), from }
    }

    /// `host:port`, for people.
    pub fn server(&self) -> String {
        format!("{}:{}", self.server.host, self.server.port)
    }

    /// Whether a mail to or from that address can be written at all.
    pub fn can_write(address: &EmailAddress) -> bool {
        eml::can_write(address)
    }
}

impl SendEmail for Smtp {
    async fn send_email(&self, email: &Email) -> Result<(), Refusal> {
        let eml = eml::write(email, &self.from).map_err(Refusal::Never)?;
        // Whatever goes wrong before the message itself is no fault of the message.
        let mut connection = within(GREETING, self.server.connection()).await.map_err(|trouble| trouble.later())?;
        hand_over(&mut connection, &eml, email).await?;
        // Only a conversation that ended as it should goes on with the next mail.
        self.server.rest(connection);
        Ok(())
    }
}

/// Hands over one mail. The server must say what the protocol says at each step: one answer too
/// many, and every later one would be taken for another question's.
async fn hand_over(connection: &mut AsyncSmtpConnection, eml: &Eml, email: &Email) -> Result<(), Refusal> {
    let sender = Mail::new(eml.envelope.from().cloned(), vec![]);
    expect(2, within(COMMAND, connection.command(sender)).await)?;
    let mut refused = Vec::new();
    for recipient in eml.envelope.to() {
        match expect(2, within(COMMAND, connection.command(Rcpt::new(recipient.clone(), vec![]))).await) {
            Ok(()) => {}
            Err(Refusal::Never(words)) => refused.push((recipient, words)),
            Err(later) => return Err(later),
        }
    }
    if let (true, Some((_, words))) = (refused.len() == eml.envelope.to().len(), refused.first()) {
        return Err(Refusal::Never(words.clone()));
    }
    expect(3, within(COMMAND, connection.command(Data)).await)?;
    expect(2, within(VERDICT, connection.message(&eml.bytes)).await)?;
    for (recipient, words) in refused {
        tracing::error!(id = %email.id, %recipient, why = %Outside(&words), "the mail server refuses one of the recipients; the others have the mail");
    }
    Ok(())
}

/// What came instead of an answer that helps.
enum Trouble {
    Said(Error),
    Nothing(Duration),
}

impl Trouble {
    /// The server's own words, with its code; or what broke the conversation.
    fn words(&self) -> String {
        let problem = match self {
            Self::Said(problem) => problem,
            Self::Nothing(limit) => return format!("no answer within {} s", limit.as_secs()),
        };
        let cause = std::error::Error::source(problem).map(ToString::to_string);
        match (problem.status(), cause) {
            (Some(code), Some(words)) => format!("{code} {words}"),
            (Some(code), None) => code.to_string(),
            (None, _) => problem.to_string(),
        }
    }

    fn later(&self) -> Refusal {
        Refusal::Later(self.words())
    }

    /// What a server's answer to the message itself means for the message.
    fn verdict(&self) -> Refusal {
        let Self::Said(problem) = self else { return self.later() };
        let about_us = |code: u16| matches!(code, 530 | 534 | 535 | 538);
        let words = self.words();
        match problem.status().map(u16::from) {
            Some(code) if code >= 500 && !about_us(code) && !is_unverified(&words) => Refusal::Never(words),
            _ => Refusal::Later(words),
        }
    }
}

async fn within<T>(limit: Duration, step: impl Future<Output = Result<T, Error>>) -> Result<T, Trouble> {
    timeout(limit, step).await.map_err(|_| Trouble::Nothing(limit))?.map_err(Trouble::Said)
}

/// The answer must be of that hundred.
fn expect(hundred: u16, answer: Result<Response, Trouble>) -> Result<(), Refusal> {
    let answer = answer.map_err(|trouble| trouble.verdict())?;
    let code = u16::from(answer.code());
    if code / 100 == hundred {
        return Ok(());
    }
    Err(Refusal::Later(format!("the server answers out of turn: {code} {}", answer.first_line().unwrap_or_default())))
}

/// SES refuses a sender that is not verified with a 554, which the owner mends with a click.
fn is_unverified(words: &str) -> bool {
    words.contains("not verified")
}
