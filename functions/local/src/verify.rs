//! `hookpost verify`: whether a request that was written down is genuine, and what differs if it is not.

mod judgement;
mod question;
mod request;
mod subject;

use std::net::IpAddr;
use std::path::PathBuf;

use clap::Args;
use shared::handshakes::When;
use shared::timestamp::Timestamp;

use crate::client::print;
use crate::pretty::safe;
use crate::settings::Settings;
use crate::stop::Stop;
use judgement::Case;
use question::question;
use request::{Request, request};
use subject::Subject;

#[derive(Args)]
pub(crate) struct Verify {
    /// A source of the file (--config or HOOKPOST_CONFIG) whose proof is tried
    #[arg(required_unless_present = "scheme", conflicts_with = "scheme")]
    source: Option<String>,
    /// A scheme that is tried instead of a source, like github
    #[arg(long, value_name = "NAME")]
    scheme: Option<String>,
    /// The secret or env:NAME (may be said several times); instead of the file's
    #[arg(long = "secret", value_name = "SECRET")]
    secrets: Vec<String>,
    /// Another setting of the scheme, like digest=sha1 (may be said several times)
    #[arg(long = "set", value_name = "KEY=VALUE", requires = "scheme")]
    set: Vec<String>,
    /// The request as HTTP or as the event of a Function URL: a file, or - for what comes in
    #[arg(long, value_name = "FILE", conflicts_with_all = ["headers", "body", "method"], default_value = "-")]
    request: PathBuf,
    /// A header of the request (may be said several times)
    #[arg(long = "header", value_name = "NAME: VALUE")]
    headers: Vec<String>,
    /// A file that holds its body and nothing else, or - for what comes in (which is read if it is not said)
    #[arg(long, value_name = "FILE")]
    body: Option<PathBuf>,
    /// Its method [default: POST]
    #[arg(long, value_name = "METHOD")]
    method: Option<String>,
    /// The address that was called, with its query
    #[arg(long, value_name = "URL")]
    address: Option<String>,
    /// The address of who called, for sources that look at it
    #[arg(long, value_name = "ADDRESS")]
    caller: Option<IpAddr>,
    /// Judge it as of then, like 2026-11-22T10:00:00Z [default: now, and an old one may be genuine]
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
}

pub(crate) fn verify(settings: &Settings, which: &Verify) -> Result<(), Stop> {
    let subject = Subject::of(settings, which)?;
    let Request { capture, lacks_body } = request(which)?;
    let at = which.at.as_deref().map(|text| {
        Timestamp::read(text).ok_or_else(|| Stop::setting("--at", "is not a time; write it like 2026-11-22T10:00:00Z"))
    });
    let at = at.transpose()?;
    match question(&subject.source.verifier, &capture, When::Unproved, subject.name()) {
        Some(Ok(words)) => return print(&safe(&words)),
        Some(Err(words)) => return refused(&words, "the question would be refused"),
        None => {}
    }
    if subject.source.verifier.learns() {
        let name = subject.name().unwrap_or("NAME");
        let from = if subject.name().is_some() { "the file has no secret for it" } else { "is missing" };
        let problem = format!("{from}: --secret \"$(hookpost sources secret {name})\"");
        return Err(Stop::setting("--secret", problem));
    }
    let passes_over = capture.caller.is_unspecified() && subject.asks_for_caller();
    let subject = if passes_over { subject.without_addresses()? } else { subject };
    if !subject.source.allows(capture.caller) {
        return refused("not proved: the caller's address is not on the allow list of the source\n", NOT_PROVED);
    }
    let case = Case { subject: &subject, capture: &capture, address: which.address.as_deref() };
    let judged = case.judge(at.unwrap_or_else(Timestamp::now), at.is_some());
    let mut notes = String::new();
    if passes_over {
        notes += "The caller is not known (say --caller ADDRESS): rules about its address are passed over.\n";
    }
    match judged {
        Ok(words) => {
            let asked = question(&subject.source.verifier, &capture, When::Proved, subject.name());
            let asked = asked.map(|asked| asked.unwrap_or_else(|words| words)).unwrap_or_default();
            print(&safe(&format!("{words}{asked}{notes}")))
        }
        Err(words) => {
            if lacks_body {
                notes += "No body was given; say --body FILE, or pipe it in.\n";
            }
            refused(&format!("{words}{notes}"), NOT_PROVED)
        }
    }
}

const NOT_PROVED: &str = "the request was not proved";

fn refused(words: &str, outcome: &str) -> Result<(), Stop> {
    print(&safe(words))?;
    Err(Stop::Failed(outcome.into()))
}
