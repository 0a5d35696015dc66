//! What a newcomer reads when the server has started.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use shared::door::DEFAULT;
use shared::endpoint::Endpoint;
use shared::guard::Guard;
use shared::seam::{Answer, Learned, ReadLearned};
use shared::source::Source;
use shared::timestamp::Timestamp;

use crate::made::Made;
use crate::outbox::Outbox;
use crate::settings::reachable;

/// What there is to tell.
pub(crate) struct Banner<'a> {
    pub(crate) listen: SocketAddr,
    pub(crate) data: &'a Path,
    pub(crate) outbox: &'a Outbox,
    pub(crate) password: &'a Made,
    pub(crate) admin: &'a Made,
    pub(crate) events: &'a Made,
    pub(crate) sources: &'a [Arc<Source>],
    /// Of sources that have no secret yet.
    pub(crate) secretless: &'a BTreeMap<String, String>,
    pub(crate) endpoints: &'a [Arc<Endpoint>],
    pub(crate) guard: Guard,
}

impl Banner<'_> {
    pub(crate) fn print(&self) {
        let mut out = std::io::stdout();
        let text = self.text(out.is_terminal());
        // Nobody reads it: the server is of use all the same.
        if let Err(problem) = out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            tracing::warn!(%problem, "the address cannot be printed");
        }
    }

    fn text(&self, shows_secrets: bool) -> String {
        let url = format!("http://{}", reachable(self.listen));
        let mail = match self.outbox {
            Outbox::Kept(_) => format!("is kept and shown at {url}/mail  (set SMTP_URL to send it)"),
            Outbox::Smtp(smtp) => format!("is sent through {}", smtp.server()),
        };
        let everywhere =
            if self.listen.ip().is_unspecified() { "  Open to      every address of this machine\n" } else { "" };
        let mut text = format!("Hookpost is listening on {url}\n\n{everywhere}  Mail         {mail}\n");
        let data = self.data.canonicalize().unwrap_or_else(|_| self.data.to_owned());
        text += &format!("  Data         {}\n", data.display());
        text += &format!("  Admin token  {}\n", kept_at(self.admin));
        text += &format!("  Events token {}  (for POST {url}/events)\n", kept_at(self.events));
        for source in self.sources {
            let scheme = source.verifier.names();
            let secret = self.secretless.get(&source.name).map(|state| format!(", {state}")).unwrap_or_default();
            text += &format!("  Source       {url}/in/{}  ({scheme}, {}{secret})\n", source.name, becomes(source));
        }
        for endpoint in self.endpoints {
            let host = endpoint.url.url().host_str().unwrap_or_default();
            text += &format!("  Endpoint     {}  (at {host})\n", endpoint.name);
        }
        if self.guard.allow_loopback {
            text += "  Loopback     endpoints may be on this machine (HOOKPOST_ALLOW_LOOPBACK); for local use only\n";
        }
        if self
            .sources
            .iter()
            .any(|source| source.name == DEFAULT && source.verifier.secrets() == [self.password.secret().clone()])
        {
            let authorization = authorization(self.password, shows_secrets);
            text += &format!(
                "\nSend a first webhook:\n\n  curl -H {authorization} -H 'Content-Type: application/json' -d '{{\"hello\": \"world\"}}' {url}/in\n\n"
            );
        }
        text
    }
}

/// Of each source that has no secret yet: what it waits for.
pub(crate) async fn secretless(
    sources: &[Arc<Source>],
    kept: &impl ReadLearned,
    now: Timestamp,
) -> Answer<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    for Source { name, .. } in sources.iter().map(|source| &**source).filter(|source| source.verifier.learns()) {
        let Learned { until, taken } = kept.learned(name).await?.unwrap_or_default();
        let state = match taken {
            Some(_) => continue,
            None if until > now => format!("waits for its secret until {until}"),
            None => format!("has no secret yet: hookpost sources wait {name}"),
        };
        found.insert(name.clone(), state);
    }
    Ok(found)
}

/// What a source's webhooks become.
fn becomes(source: &Source) -> String {
    let to: Vec<_> = source.email.iter().map(|address| address.address()).collect();
    let mailed = (!to.is_empty()).then(|| format!("to {}", to.join(", ")));
    let published = source.publish.as_ref().map(|kind| format!("published as {kind}"));
    mailed.into_iter().chain(published).collect::<Vec<_>>().join(", ")
}

fn kept_at(secret: &Made) -> String {
    match secret {
        Made::Given { name, .. } => format!("as given in {name}"),
        Made::Kept { file, .. } => format!("in {}", file.display()),
    }
}

/// The header as a shell will read it: with the secret itself on a terminal, with where it can be
/// found otherwise, so that it does not end in somebody's log.
fn authorization(secret: &Made, shows_secrets: bool) -> String {
    match secret {
        _ if shows_secrets => format!("'Authorization: Bearer {}'", secret.secret().expose().replace('\'', r"'\''")),
        Made::Given { name, .. } => format!("\"Authorization: Bearer ${name}\""),
        Made::Kept { file, .. } => format!("\"Authorization: Bearer $(cat '{}')\"", file.display()),
    }
}
