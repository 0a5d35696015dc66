//! The owner's application: posts events over 64 connections that are kept, and notes when it sent each.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::sleep_until;

use super::fill::data;

pub const TOKEN: &str = "the-token-of-the-benchmark";

const CONNECTIONS: usize = 64;

/// What is to be sent.
#[derive(Clone, Copy)]
pub struct Load {
    pub events: usize,
    /// Events a second; as fast as answers come otherwise.
    pub pace: Option<f64>,
}

/// Sends them all. Answers when each was sent, by its number.
pub async fn emit(address: SocketAddr, load: Load) -> Vec<Instant> {
    let (began, next) = (Instant::now(), Arc::new(AtomicUsize::new(0)));
    let mut sending = JoinSet::new();
    for _ in 0..CONNECTIONS.min(load.events) {
        sending.spawn(send(address, load, began, Arc::clone(&next)));
    }
    let mut sent: Vec<_> = sending.join_all().await.into_iter().flatten().collect();
    sent.sort_by_key(|(n, _)| *n);
    sent.into_iter().map(|(_, at)| at).collect()
}

/// The number of an event, from its id.
pub fn number(id: &str) -> usize {
    id.rsplit('-').next().and_then(|number| number.parse().ok()).expect("an id of ours")
}

async fn send(address: SocketAddr, load: Load, began: Instant, next: Arc<AtomicUsize>) -> Vec<(usize, Instant)> {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.set_nodelay(true).expect("a connection");
    let (mut sent, mut answer) = (Vec::new(), vec![0; 4_096]);
    loop {
        let n = next.fetch_add(1, Ordering::Relaxed);
        if n >= load.events {
            return sent;
        }
        if let Some(pace) = load.pace {
            sleep_until((began + Duration::from_secs_f64(n as f64 / pace)).into()).await;
        }
        let request = request(n);
        sent.push((n, Instant::now()));
        stream.write_all(&request).await.expect("a connection");
        // An answer is small and whole: it comes in one piece.
        let read = stream.read(&mut answer).await.expect("an answer");
        let said = String::from_utf8_lossy(&answer[..read]);
        assert!(said.starts_with("HTTP/1.1 202"), "{said}");
    }
}

fn request(n: usize) -> Vec<u8> {
    let data = data();
    let start = format!("{{\"type\": \"order.created\", \"id\": \"event-{n}\", \"data\": ");
    let length = start.len() + data.len() + 1;
    let head = "POST /events HTTP/1.1\r\nhost: x\r\ncontent-type: application/json";
    let head = format!("{head}\r\nauthorization: Bearer {TOKEN}\r\ncontent-length: {length}\r\n\r\n{start}");
    [head.as_bytes(), &data, b"}"].concat()
}
