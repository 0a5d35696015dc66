//! Flags, and the environment variables that say the same.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand};
use shared::quantity;

use crate::dead::Order;
use crate::endpoints::Endpoints;
use crate::history::{Deliveries, Events};
use crate::receive::Receive;
use crate::replays::Replays;
use crate::retry::Retry;
use crate::send::Send;
use crate::sources::Sources;
use crate::stop::Stop;
use crate::tokens::Tokens;
use crate::verify::Verify;

/// A webhook post office: genuine webhooks come in, e-mails and signed webhooks go out.
#[derive(Parser)]
#[command(name = "hookpost", version, after_help = AFTER)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) verb: Option<Verb>,
    #[command(flatten)]
    pub(crate) settings: Settings,
}

const AFTER: &str = "\
A password and tokens that are not given are made and kept in the data folder.
RUST_LOG chooses what is logged: error, warn, info (default), debug, trace or off.";

#[derive(Subcommand)]
pub(crate) enum Verb {
    /// Receive webhooks and events, mail them and deliver them (this is what happens without a verb)
    Serve,
    /// Look after dead letters: webhooks that were accepted and cannot be mailed
    Dead {
        #[command(subcommand)]
        order: Order,
    },
    /// Make a file of sources and endpoints the configuration of a running server or of a stack on AWS
    Apply {
        /// The YAML file; env:NAME in it is read here
        file: PathBuf,
        /// Apply the plan without asking
        #[arg(long)]
        yes: bool,
    },
    /// Show who was refused lately, and why
    Refusals,
    /// Emit an event
    Send(#[command(flatten)] Send),
    /// Receive webhooks for a try: prints them, verified, and answers as told
    Receive(#[command(flatten)] Receive),
    /// Look at events that were accepted
    Events {
        #[command(subcommand)]
        order: Events,
    },
    /// Look at deliveries of events to endpoints
    Deliveries(#[command(flatten)] Deliveries),
    /// Look after endpoints
    Endpoints {
        #[command(subcommand)]
        order: Endpoints,
    },
    /// Send deliveries again
    Retry(#[command(flatten)] Retry),
    /// Look at deliveries being sent again, and stop it
    Replays(#[command(flatten)] Replays),
    /// Look after sources, and the secrets that their providers hand over
    Sources {
        #[command(subcommand)]
        order: Sources,
    },
    /// Look after tokens for applications
    Token {
        #[command(subcommand)]
        order: Tokens,
    },
    /// Say what must still be confirmed before mail reaches everybody
    Status,
    /// List the providers whose webhooks can be verified, or show what one needs
    Providers {
        /// As it is written after scheme: in the file
        name: Option<String>,
    },
    /// Try whether a request that was written down is genuine, and say what differs if it is not
    #[command(override_usage = "hookpost verify [OPTIONS] <SOURCE|--scheme NAME>")]
    Verify(#[command(flatten)] Verify),
}

#[derive(Args)]
pub(crate) struct Settings {
    /// Where to listen [default: 127.0.0.1:9000]
    #[arg(long, alias = "hookpost-listen", env = "HOOKPOST_LISTEN", value_name = "ADDRESS:PORT", global = true)]
    listen: Option<String>,
    /// The data folder [default: ./.hookpost]
    #[arg(long, visible_alias = "folder", env = "HOOKPOST_DATA", value_name = "FOLDER", global = true)]
    hookpost_data: Option<PathBuf>,
    /// A YAML file of sources and endpoints
    #[arg(long, alias = "hookpost-config", env = "HOOKPOST_CONFIG", value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// Who gets mail from the default source and about endpoints that fail, comma separated
    #[arg(long, env = "EMAIL_ADDRESS", value_name = "ADDRESSES", global = true)]
    email_address: Option<String>,
    /// Whom mail is from
    #[arg(long, env = "MAIL_FROM", value_name = "ADDRESS", global = true)]
    mail_from: Option<String>,
    /// The default source's password; made when absent
    #[arg(long, env = "WEBHOOK_PASSWORD", hide_env_values = true, value_name = "PASSWORD", global = true)]
    webhook_password: Option<String>,
    /// The token of the management API; made when absent
    #[arg(
        long,
        visible_alias = "token",
        env = "ADMIN_TOKEN",
        hide_env_values = true,
        value_name = "TOKEN",
        global = true
    )]
    admin_token: Option<String>,
    /// A token that is good for /events only; made when absent
    #[arg(long, env = "EVENTS_TOKEN", hide_env_values = true, value_name = "TOKEN", global = true)]
    events_token: Option<String>,
    /// The mail server: smtp://user:password@host:587 or smtps://…:465; without one, mail is kept and shown at /mail
    #[arg(long, env = "SMTP_URL", hide_env_values = true, value_name = "URL", global = true)]
    smtp_url: Option<String>,
    /// Let endpoints be on this machine: for local use only
    #[arg(
        long,
        env = "HOOKPOST_ALLOW_LOOPBACK",
        value_name = "true|false",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        global = true
    )]
    allow_loopback: Option<String>,
    /// How large history may be on disk [default: 10GB]
    #[arg(long, alias = "hookpost-history", env = "HOOKPOST_HISTORY", value_name = "SIZE", global = true)]
    history: Option<String>,
    /// The server that the verbs speak to [default: the listen address]
    #[arg(long, alias = "hookpost-url", env = "HOOKPOST_URL", value_name = "URL", global = true)]
    url: Option<String>,
}

/// How large history may be where nobody says.
const HISTORY: u64 = 10_000_000_000;

pub(crate) fn parse() -> Cli {
    Cli::parse()
}

/// What is empty was not given.
fn given(text: Option<&String>) -> Option<&str> {
    text.map(|text| text.trim()).filter(|text| !text.is_empty())
}

impl Settings {
    pub(crate) fn listen(&self) -> Result<SocketAddr, Stop> {
        let listen = given(self.listen.as_ref()).unwrap_or("127.0.0.1:9000");
        let wrong = || {
            Stop::setting(
                "HOOKPOST_LISTEN",
                format!("\"{}\" is not an address and port; write 127.0.0.1:9000", listen.escape_debug()),
            )
        };
        let mut found = listen.to_socket_addrs().map_err(|_| wrong())?;
        found.next().ok_or_else(wrong)
    }

    pub(crate) fn data(&self) -> &Path {
        self.hookpost_data.as_deref().filter(|path| !path.as_os_str().is_empty()).unwrap_or(Path::new("./.hookpost"))
    }

    pub(crate) fn config(&self) -> Option<&PathBuf> {
        self.config.as_ref().filter(|path| !path.as_os_str().is_empty())
    }

    pub(crate) fn email_address(&self) -> Option<&str> {
        given(self.email_address.as_ref())
    }

    pub(crate) fn mail_from(&self) -> Option<&str> {
        given(self.mail_from.as_ref())
    }

    pub(crate) fn webhook_password(&self) -> Option<&str> {
        given(self.webhook_password.as_ref())
    }

    pub(crate) fn admin_token(&self) -> Option<&str> {
        given(self.admin_token.as_ref())
    }

    pub(crate) fn events_token(&self) -> Option<&str> {
        given(self.events_token.as_ref())
    }

    pub(crate) fn smtp_url(&self) -> Option<&str> {
        given(self.smtp_url.as_ref())
    }

    pub(crate) fn allow_loopback(&self) -> Result<bool, Stop> {
        match given(self.allow_loopback.as_ref()).map(str::to_lowercase).as_deref() {
            None | Some("false" | "0" | "no" | "off") => Ok(false),
            Some("true" | "1" | "yes" | "on") => Ok(true),
            Some(other) => {
                let problem = format!("\"{}\" is not true or false", other.escape_debug());
                Err(Stop::setting("HOOKPOST_ALLOW_LOOPBACK", problem))
            }
        }
    }

    /// In bytes.
    pub(crate) fn history(&self) -> Result<u64, Stop> {
        let Some(text) = given(self.history.as_ref()) else { return Ok(HISTORY) };
        let problem = || format!("\"{}\" is not a size; write 500MB or 10GB, 1MB at least", text.escape_debug());
        let size = quantity::size(text).filter(|size| *size >= 1_000_000);
        size.ok_or_else(|| Stop::setting("HOOKPOST_HISTORY", problem()))
    }

    /// Where the verbs find the server, without a slash at the end.
    pub(crate) fn url(&self) -> Result<String, Stop> {
        if let Some(url) = given(self.url.as_ref()) {
            return Ok(url.trim_end_matches('/').to_owned());
        }
        Ok(format!("http://{}", reachable(self.listen()?)))
    }
}

/// The address by which this machine reaches what listens there.
pub(crate) fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen {
        SocketAddr::V4(v4) if v4.ip().is_unspecified() => std::net::Ipv4Addr::LOCALHOST.into(),
        SocketAddr::V6(v6) if v6.ip().is_unspecified() => std::net::Ipv6Addr::LOCALHOST.into(),
        other => other.ip(),
    };
    SocketAddr::new(ip, listen.port())
}
