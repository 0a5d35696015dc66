//! `hookpost receive`: an endpoint for trying things out. It prints what arrives, and answers as told.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use clap::Args;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use shared::local::http::serve;
use shared::quantity;
use shared::reply::Reply;
use shared::secret::Secret;
use shared::sign::Receiver;
use shared::timestamp::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::sleep;

use crate::client::{print, runtime};
use crate::signals;
use crate::stop::Stop;

/// More of a body than this is not looked at.
const MOST: usize = 16 << 20;

/// So much of a body is printed.
const SHOWN: usize = 4_000;

#[derive(Args)]
pub(crate) struct Receive {
    /// Where to listen, on 127.0.0.1
    #[arg(long, default_value_t = 9100)]
    port: u16,
    /// What the webhooks are verified with: whsec_… or whpk_… (may be said several times)
    #[arg(long = "secret", value_name = "KEY")]
    secrets: Vec<String>,
    /// The status of the answer
    #[arg(long, default_value_t = 204, value_parser = clap::value_parser!(u16).range(200..=599))]
    status: u16,
    /// How long to wait before it, like 2s
    #[arg(long, value_name = "SPAN", default_value = "0")]
    delay: String,
}

/// What every request is answered with.
struct Door {
    receiver: Option<Receiver>,
    status: StatusCode,
    delay: Duration,
}

pub(crate) fn receive(receive: &Receive) -> Result<(), Stop> {
    runtime()?.block_on(run(receive, Door::new(receive)?))
}

async fn run(receive: &Receive, door: Door) -> Result<(), Stop> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, receive.port));
    let taken = |problem| Stop::Failed(format!("--port: cannot listen on {address}: {problem}"));
    let listener = TcpListener::bind(address).await.map_err(taken)?;
    let address = listener.local_addr().map_err(taken)?;
    print(&format!("Receiving at http://{address}  (answers {}{})\n", receive.status, door.after()))?;
    let (stop, mut stopped) = watch::channel(false);
    tokio::spawn(signals::wait(stop));
    let (door, stop) = (Arc::new(door), async move {
        // A sender that is gone means the same as a stop.
        drop(stopped.wait_for(|stop| *stop).await);
    });
    serve(listener, move |request, _| Arc::clone(&door).answer(request), stop).await;
    Ok(())
}

impl Door {
    fn new(receive: &Receive) -> Result<Self, Stop> {
        let wrong = || Stop::setting("--delay", "is not a duration; write 2s or 1m");
        // `hookpost endpoints secret` prints one on each line.
        let secrets = receive.secrets.iter().flat_map(|text| text.split_whitespace());
        let secrets: Vec<Secret> = secrets.map(Secret::new).collect();
        let receiver = match &*secrets {
            [] => None,
            some => Some(Receiver::new(some).map_err(|why| Stop::setting("--secret", why.to_string()))?),
        };
        let status = StatusCode::from_u16(receive.status).map_err(|why| Stop::setting("--status", why.to_string()))?;
        Ok(Self { receiver, status, delay: quantity::duration(&receive.delay).ok_or_else(wrong)? })
    }

    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Reply {
        let now = Timestamp::now();
        let (head, body) = request.into_parts();
        let Ok(body) = Limited::new(body, MOST).collect().await else { return self.reply() };
        let body = body.to_bytes();
        // Nobody reads it: the answer is of use all the same.
        drop(print(&self.story(&head, &body, now)));
        sleep(self.delay).await;
        self.reply()
    }

    fn after(&self) -> String {
        if self.delay.is_zero() { String::new() } else { format!(" after {:?}", self.delay) }
    }

    fn reply(&self) -> Reply {
        let mut reply = Reply::new(Full::default());
        *reply.status_mut() = self.status;
        reply
    }

    fn story(&self, head: &http::request::Parts, body: &Bytes, now: Timestamp) -> String {
        // What a GET says stands in its query.
        let signed = if head.method == "GET" { head.uri.query().unwrap_or_default().as_bytes() } else { body };
        let verdict = match &self.receiver {
            None => "not checked (say --secret)".to_owned(),
            Some(receiver) => match receiver.verify(&head.headers, signed, now) {
                Ok(()) => "verified".to_owned(),
                Err(why) => format!("NOT VERIFIED: {why}"),
            },
        };
        let header =
            |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("-").to_owned();
        let shown = String::from_utf8_lossy(&body[..body.len().min(SHOWN)]);
        let safe: String = shown.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect();
        let (method, path) = (&head.method, head.uri.path_and_query().map_or("/", |path| path.as_str()));
        let path = shared::outside::Outside(path);
        let id = shared::outside::Outside(&header("webhook-id")).to_string();
        // Each line of it behind a mark, so that none can pass for one of ours.
        let lines: String = safe.lines().map(|line| format!("  | {line}\n")).collect();
        format!("{now}  {method} {path}  {id}  {verdict}\n{lines}")
    }
}
