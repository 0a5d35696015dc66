//! A mail server by its `SMTP_URL`, and connections to it: TLS always, except to this very machine.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use url::{Host, Url};

/// How long it may take until the server has answered the call.
const CONNECT: Duration = Duration::from_secs(20);

/// A connection that has rested longer is not used again: servers hang up.
const REST: Duration = Duration::from_secs(20);

/// Connections that are kept for the next mail.
const MOST_RESTING: usize = 8;

/// What an `SMTP_URL` says.
pub struct Server {
    pub(super) host: String,
    pub(super) port: u16,
    security: Security,
    user: Option<String>,
    credentials: Option<Credentials>,
    resting: Mutex<Vec<(AsyncSmtpConnection, Instant)>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Security {
    /// `smtps://`: TLS from the first byte.
    Tls,
    /// `smtp://` to another machine: TLS before anything that matters.
    StartTls,
    /// `smtp://` to this machine: TLS if the server offers it.
    StartTlsIfOffered,
}

/// What is wrong with an `SMTP_URL`. Never shows the URL, which may hold a password.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}; write smtp://user:password@host:587 or smtps://user:password@host:465")]
pub struct SmtpUrlError(&'static str);

impl Server {
    /// The user that mail is sent as, if there is one.
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    pub fn parse(url: &str) -> Result<Self, SmtpUrlError> {
        let url = Url::parse(url).map_err(|_| SmtpUrlError("is not a URL"))?;
        let tls = match url.scheme() {
            "smtps" => true,
            "smtp" => false,
            _ => return Err(SmtpUrlError("is neither smtp:// nor smtps://")),
        };
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(SmtpUrlError("has something after the host and port"));
        }
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(SmtpUrlError("has no host"))?;
        let security = match (tls, is_loopback(&url)) {
            (true, _) => Security::Tls,
            (false, false) => Security::StartTls,
            (false, true) => Security::StartTlsIfOffered,
        };
        Ok(Self {
            host: host.trim_matches(['[', ']']).to_owned(),
            port: url.port().unwrap_or(if tls { 465 } else { 587 }),
            security,
            user: percent_decoded(url.username()).filter(|user| !user.is_empty()),
            credentials: credentials(&url)?,
            resting: Mutex::default(),
        })
    }

    /// One that rested and is still alive, or a new one.
    pub(super) async fn connection(&self) -> Result<AsyncSmtpConnection, Error> {
        while let Some(mut rested) = self.rested() {
            if rested.test_connected().await {
                return Ok(rested);
            }
        }
        self.connect().await
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Error> {
        let us = ClientId::default();
        let tls = || TlsParameters::new_rustls(self.host.clone());
        let wrapped = (self.security == Security::Tls).then(tls).transpose()?;
        let address = (self.host.as_str(), self.port);
        let mut connection = AsyncSmtpConnection::connect_tokio1(address, Some(CONNECT), &us, wrapped, None).await?;
        let upgrade = match self.security {
            Security::Tls => false,
            Security::StartTls => true,
            Security::StartTlsIfOffered => connection.can_starttls(),
        };
        if upgrade {
            connection.starttls(tls()?, &us).await?;
        }
        if let Some(credentials) = &self.credentials {
            connection.auth(DEFAULT_MECHANISMS, credentials).await?;
        }
        Ok(connection)
    }

    fn rested(&self) -> Option<AsyncSmtpConnection> {
        let mut resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        resting.retain(|(connection, since)| since.elapsed() < REST && !connection.has_broken());
        resting.pop().map(|(connection, _)| connection)
    }

    pub(super) fn rest(&self, connection: AsyncSmtpConnection) {
        let mut resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        if resting.len() < MOST_RESTING {
            resting.push((connection, Instant::now()));
        }
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(v4)) => v4.is_loopback(),
        Some(Host::Ipv6(v6)) => v6.is_loopback(),
        // The schemes are not special to the URL standard, so addresses may come as names.
        Some(Host::Domain(name)) => name == "localhost" || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback()),
        None => false,
    }
}

fn credentials(url: &Url) -> Result<Option<Credentials>, SmtpUrlError> {
    let decode = |text: &str| {
        percent_decoded(text).ok_or(SmtpUrlError("has a user or password that is not percent-encoded UTF-8"))
    };
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        ("", Some(_)) => Err(SmtpUrlError("has a password without a user")),
        (_, None) => Err(SmtpUrlError("has a user without a password")),
        (user, Some(password)) => Ok(Some(Credentials::new(decode(user)?, decode(password)?))),
    }
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        match (first, more) {
            (b'%', [high, low, after @ ..]) => {
                let digit = |byte: u8| char::from(byte).to_digit(16);
                bytes.push((digit(*high)? * 16 + digit(*low)?) as u8);
                rest = after;
            }
            (byte, after) => {
                bytes.push(*byte);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_very_machine_may_go_without_tls() {
        let security = |url| Server::parse(url).map(|server| (server.security, server.port));
        assert_eq!(security("smtp://mail.example.com"), Ok((Security::StartTls, 587)));
        assert_eq!(security("smtp://u:p@192.0.2.1:25"), Ok((Security::StartTls, 25)));
        assert_eq!(security("smtp://localhost.example.com:25"), Ok((Security::StartTls, 25)));
        assert_eq!(security("smtps://mail.example.com"), Ok((Security::Tls, 465)));
        for here in ["smtp://localhost:25", "smtp://127.0.0.1:25", "smtp://[::1]:25"] {
            assert_eq!(security(here), Ok((Security::StartTlsIfOffered, 25)), "{here}");
        }
    }

    #[test]
    fn a_wrong_url_is_refused_without_being_shown() {
        for url in [
            "",
            "mail.example.com",
            "http://u:hush@h",
            "smtp://",
            "smtp://u@h",
            "smtp://:hush@h",
            "smtp://h/x",
            "smtp://u:%ff@h",
        ] {
            let problem = Server::parse(url).err().map(|problem| problem.to_string()).unwrap_or_default();
            assert!(problem.contains("write smtp://") && !problem.contains("hush"), "{url}: {problem}");
        }
    }

    #[test]
    fn credentials_are_percent_decoded() {
        assert_eq!(percent_decoded("a%40b%3Ac").as_deref(), Some("a@b:c"));
        assert_eq!(percent_decoded("%zz"), None);
        assert_eq!(percent_decoded("%+f"), None);
        assert_eq!(percent_decoded("50%"), Some("50%".into()));
    }
}
