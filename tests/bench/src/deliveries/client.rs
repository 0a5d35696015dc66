//! The baseline: a bare client that signs and posts the same bytes, as fast as it can, and does nothing else.

use std::io::Read;
use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use shared::secret::Secret;
use shared::sign::Signer;
use shared::timestamp::Timestamp;
use tokio::task::JoinSet;

use super::fill::data;
use crate::servers;

/// As many as the program has in flight to one endpoint.
const IN_FLIGHT: usize = 64;

const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=";

#[derive(Clone, Copy)]
pub struct Figures {
    pub rate: f64,
    /// Milliseconds for each.
    pub cpu: f64,
}

/// Runs it as a process of its own, on the processor of the servers.
pub fn measure(sink: SocketAddr, count: usize) -> Figures {
    let mut command = servers::pinned(&servers::beside("bench"));
    let mut child = command
        .args(["client", &sink.to_string(), &count.to_string()])
        .stdout(Stdio::piped())
        .spawn()
        .expect("a client");
    let mut said = String::new();
    child.stdout.take().expect("a pipe").read_to_string(&mut said).expect("figures");
    child.wait().expect("an end");
    let mut figures = said.split_whitespace().map(|figure| figure.parse().expect("a figure"));
    Figures { rate: figures.next().expect("a rate"), cpu: figures.next().expect("a time") }
}

/// The process: where to, and how many.
pub fn run(mut arguments: impl Iterator<Item = String>) {
    let url = format!("http://{}/ok", arguments.next().expect("an address"));
    let count: usize = arguments.next().and_then(|count| count.parse().ok()).expect("a number");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build(connector);
        let signer = Signer::new(vec![(Secret::new(KEY), None)]).expect("a key");
        let (began, next) = (Instant::now(), Arc::new(AtomicUsize::new(0)));
        let mut posting = JoinSet::new();
        for _ in 0..IN_FLIGHT {
            let (client, signer, next, url) = (client.clone(), signer.clone(), Arc::clone(&next), url.clone());
            posting.spawn(async move {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= count {
                        return;
                    }
                    post(&client, request(&signer, &url, n)).await;
                }
            });
        }
        posting.join_all().await;
        let (took, cpu) = (began.elapsed().as_secs_f64(), servers::cpu(std::process::id()));
        println!("{} {}", count as f64 / took, cpu * 1e3 / count as f64);
    });
}

fn request(signer: &Signer, url: &str, n: usize) -> Request<Full<Bytes>> {
    let (id, now, body) = (format!("msg_{n:032}"), Timestamp::now(), data());
    let signature = signer.sign(&id, now, &body);
    Request::post(url)
        .header("user-agent", "bench")
        .header("content-type", "application/json")
        .header("webhook-id", id)
        .header("webhook-timestamp", now.seconds())
        .header("webhook-signature", signature)
        .body(Full::new(body))
        .expect("a request")
}

async fn post(client: &Client<HttpConnector, Full<Bytes>>, request: Request<Full<Bytes>>) {
    let mut answer = client.request(request).await.expect("an answer");
    assert!(answer.status().is_success(), "{}", answer.status());
    while answer.body_mut().frame().await.is_some() {}
}
