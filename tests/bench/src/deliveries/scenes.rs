//! The scenes: a store is drained, events are created and delivered at once, attempts are made again.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use shared::schedule::Schedule;
use tempfile::TempDir;
use tokio::time::sleep;

use super::emitter::{self, Load, TOKEN};
use super::figures::{Full, Spans};
use super::fill;
use super::sink::{Received, Sink};
use crate::servers::{self, Running};

/// How long the program may take to write down what came of the last deliveries.
const SETTLING: Duration = Duration::from_millis(200);

/// An endpoint of the configuration: its name, the receiver's path, and what else is said of it.
pub struct Endpoint {
    pub name: String,
    pub path: &'static str,
    pub more: &'static str,
}

impl Endpoint {
    pub fn named(name: impl Into<String>, path: &'static str) -> Self {
        Self { name: name.into(), path, more: "timeout: 30s" }
    }
}

/// So many that answer at once.
pub fn healthy(count: usize) -> Vec<Endpoint> {
    (0..count).map(|n| Endpoint::named(format!("well-{n}"), "/ok")).collect()
}

fn start(folder: TempDir, sink: &Sink, endpoints: &[Endpoint]) -> Running {
    let mut config = String::from("endpoints:\n");
    for Endpoint { name, path, more } in endpoints {
        config += &format!("  {name}: {{ url: \"http://{}{path}\", {more} }}\n", sink.address);
    }
    servers::delivering(folder, &config, TOKEN)
}

/// A store with so many deliveries that are due; the program is started and left alone with it.
pub async fn drain(sink: &Sink, folder: TempDir, endpoints: &[Endpoint], count: usize) -> Full {
    sink.take();
    let program = start(folder, sink, endpoints);
    sink.wait(count).await;
    sleep(SETTLING).await;
    // What was in hand when it was started anew, for nothing of it is known to have arrived.
    full(&program, sink.take(), 0.0)
}

/// The rate from the first receipt to the last.
fn full(program: &Running, Received { receipts, most }: Received, cpu: f64) -> Full {
    let (first, last) = (receipts.iter().map(|it| it.at).min(), receipts.iter().map(|it| it.at).max());
    let took = (last.expect("a receipt") - first.expect("a receipt")).as_secs_f64();
    let count = receipts.len() as f64;
    Full { rate: count / took, cpu: (program.cpu() - cpu) * 1e3 / count, peak: program.peak(), most }
}

/// Events are posted as fast as they are taken, and delivered meanwhile. From the first that is sent to
/// the last that arrives.
pub async fn create_and_deliver(sink: &Sink, endpoints: &[Endpoint], events: usize) -> Full {
    sink.take();
    let program = start(fill::folder(), sink, endpoints);
    let (began, before) = (Instant::now(), program.cpu());
    emitter::emit(program.address, Load { events, pace: None }).await;
    sink.wait(events * endpoints.len()).await;
    sleep(SETTLING).await;
    let received = sink.take();
    let last = received.receipts.iter().map(|it| it.at).max().expect("a receipt");
    let count = received.receipts.len() as f64;
    Full { rate: count / (last - began).as_secs_f64(), ..full(&program, received, before) }
}

/// Events are posted at a pace; how long each takes from there to each of its receivers.
pub async fn reach(sink: &Sink, endpoints: &[Endpoint], load: Load) -> Spans {
    sink.take();
    let program = start(fill::folder(), sink, endpoints);
    let sent = emitter::emit(program.address, load).await;
    let expected = endpoints.iter().filter(|endpoint| endpoint.path != "/never").count();
    sink.wait(load.events * expected).await;
    let receipts = sink.take().receipts;
    Spans::of(receipts.iter().map(|it| it.at - sent[emitter::number(&it.id)]).collect())
}

/// Every first attempt is refused; how much later than it was due each second one comes.
pub async fn lateness(sink: &Sink, load: Load) -> Spans {
    sink.take();
    let endpoint = Endpoint { name: "again".into(), path: "/again", more: "schedule: [0, 2]" };
    let program = start(fill::folder(), sink, &[endpoint]);
    emitter::emit(program.address, load).await;
    sink.wait(load.events * 2).await;
    let schedule = Schedule::new(vec![Duration::ZERO, Duration::from_secs(2)]).expect("a schedule");
    let (mut first, mut late) = (HashMap::<String, Instant>::new(), Vec::new());
    for receipt in sink.take().receipts {
        if let Some(before) = first.get(&receipt.id) {
            let wait = schedule.wait(2, &format!("default/{}/again", receipt.id)).expect("a second attempt");
            late.push((receipt.at - *before).saturating_sub(wait));
        } else {
            first.insert(receipt.id, receipt.at);
        }
    }
    Spans::of(late)
}
