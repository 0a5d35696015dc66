//! The post against receivers of every kind, all of them on loopback.

mod bodies;
mod connections;
mod forbidden;
mod identity;
mod tls;

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{Dial, Post, Resolve, Trust};
use crate::guard::Guard;
use crate::seam::{KEPT, NoAnswer, Outgoing, Received, SendWebhook, Trouble};

const LOCAL: Guard = Guard { allow_loopback: true, allow_sns: false };
const PUBLIC: Guard = Guard { allow_loopback: false, allow_sns: false };

/// Answers every lookup with the next list; the last one stays.
#[derive(Clone, Default)]
struct Names(Arc<Mutex<VecDeque<Vec<IpAddr>>>>);

impl Names {
    fn of<const N: usize>(answers: [&[&str]; N]) -> Self {
        let read = |ips: &[&str]| ips.iter().map(|ip| ip.parse().expect("an address")).collect();
        Self(Arc::new(Mutex::new(answers.iter().map(|ips| read(ips)).collect())))
    }
}

impl Resolve for Names {
    async fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        let mut answers = self.0.lock().expect("a lock");
        let next = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        next.ok_or_else(|| io::Error::other("no such name"))
    }
}

/// Writes down what it was asked to dial, and connects to a listener of the test instead.
#[derive(Clone, Default)]
struct Dialler {
    dialled: Arc<Mutex<Vec<SocketAddr>>>,
    listener: Option<SocketAddr>,
}

impl Dialler {
    fn to(listener: SocketAddr) -> Self {
        Self { listener: Some(listener), ..Self::default() }
    }

    fn dialled(&self) -> Vec<String> {
        self.dialled.lock().expect("a lock").iter().map(ToString::to_string).collect()
    }
}

impl Dial for Dialler {
    async fn dial(&self, address: SocketAddr) -> io::Result<TcpStream> {
        self.dialled.lock().expect("a lock").push(address);
        match self.listener {
            Some(listener) => TcpStream::connect(listener).await,
            None => Err(io::ErrorKind::ConnectionRefused.into()),
        }
    }
}

fn post(guard: Guard, names: &Names, dialler: &Dialler) -> Post<Names, Dialler> {
    Post::with(guard, names.clone(), dialler.clone(), Trust::Only(Vec::new())).expect("no roots to read")
}

/// A post of its own for receivers at one address on loopback.
fn local(receiver: SocketAddr) -> (Post<Names, Dialler>, Dialler) {
    let dialler = Dialler::to(receiver);
    (post(LOCAL, &Names::default(), &dialler), dialler)
}

fn outgoing(url: &str) -> Outgoing {
    let target = LOCAL.target(url).expect("a target");
    let headers = HeaderMap::from_iter([("webhook-id".parse().expect("a name"), "msg_1".parse().expect("a value"))]);
    Outgoing {
        tenant: "t".into(),
        endpoint: "e".into(),
        method: Method::POST,
        target,
        query: None,
        headers,
        body: Bytes::from_static(b"{\"a\":1}"),
        timeout: Duration::from_secs(2),
        identity: None,
        keep: KEPT,
    }
}

async fn send<R: Resolve, D: Dial>(post: &Post<R, D>, url: &str) -> Result<Received, NoAnswer> {
    post.send_webhook(outgoing(url)).await
}

/// Every connection is handled by that, with its number from 0.
async fn receiver<F>(handle: impl Fn(TcpStream, usize) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        for number in 0.. {
            let (stream, _) = listener.accept().await.expect("a connection");
            tokio::spawn(handle(stream, number));
        }
    });
    address
}

/// One request, head and body, as it came; empty if there is none.
async fn request(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let (mut read, mut piece) = (Vec::new(), [0; 4_096]);
    loop {
        let text = String::from_utf8_lossy(&read).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().expect("a length")) {
                return text;
            }
        }
        match stream.read(&mut piece).await {
            Ok(more) if more > 0 => read.extend_from_slice(&piece[..more]),
            _ => return String::new(),
        }
    }
}

/// Answers every request of a connection with that text.
async fn answering(mut stream: TcpStream, answer: &str) {
    while !request(&mut stream).await.is_empty() && stream.write_all(answer.as_bytes()).await.is_ok() {}
}

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
