//! A store of a million rows: how long from `kill -9` to the next durable answer.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use bytes::Bytes;
use rustix::process::{Pid, Signal, kill_process};
use shared::id::WebhookId;
use shared::local::Store;
use shared::seam::Enqueue;
use shared::timestamp::Timestamp;

use crate::servers::{self, Mailing, SECRET};

const ROWS: u64 = 1_000_000;

/// Fills a store, kills the server that holds it, and times its return.
pub fn reopen() {
    let folder = tempfile::tempdir_in(servers::data()).expect("a folder");
    let filling = Instant::now();
    fill(&folder.path().join("data"));
    let filled = filling.elapsed();
    let mut running = servers::hookpost_on(folder, Mailing::Off);
    let mut waits = Vec::new();
    for _ in 0..5 {
        post(running.address);
        kill_process(Pid::from_raw(running.child.id() as i32).expect("a pid"), Signal::KILL).expect("a kill");
        drop(running.child.wait());
        let folder = running.into_folder();
        let start = Instant::now();
        running = servers::hookpost_on(folder, Mailing::Off);
        // The server is up when its address is printed; the pause of the harness is no part of it.
        post(running.address);
        waits.push(start.elapsed().saturating_sub(Duration::from_millis(300)).as_secs_f64());
    }
    waits.sort_by(f64::total_cmp);
    let size = std::fs::metadata(running.folder.path().join("data/hookpost.redb")).map_or(0, |file| file.len());
    println!("a store of {ROWS} webhooks of 1 KB ({} MB, filled in {:.0} s)", size >> 20, filled.as_secs_f64());
    println!("  from kill -9 to the next durable answer: median {:.3} s, longest {:.3} s", waits[2], waits[4]);
}

/// Rows as a listener whose mail server is down leaves them; due tomorrow, so that nobody takes them.
fn fill(data: &Path) {
    let store = Store::open(data).expect("a store");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut writers = tokio::task::JoinSet::new();
        for writer in 0..256 {
            let store = store.clone();
            writers.spawn(async move {
                for n in (writer..ROWS).step_by(256) {
                    let now = Timestamp::now();
                    let mut random = [0; 10];
                    random[..8].copy_from_slice(&n.to_be_bytes());
                    let due = now.after(Duration::from_secs(86_400));
                    store
                        .enqueue(WebhookId::new(now, random), Bytes::from(vec![b'x'; 1_024]), due)
                        .await
                        .expect("a row");
                }
            });
        }
        writers.join_all().await;
    });
}

/// One genuine webhook, answered 202.
fn post(address: SocketAddr) {
    use hmac::{KeyInit, Mac};
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(SECRET.as_bytes()).expect("a key");
    mac.update(b"{}");
    let signature = hex::encode(mac.finalize().into_bytes());
    let mut stream = TcpStream::connect(address).expect("a connection");
    let head =
        "POST /in/github HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 2\r\nx-hub-signature-256: sha256=";
    write!(stream, "{head}{signature}\r\n\r\n{{}}").expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
}
