//! Deliveries: Hookpost beside a bare client, its receivers on another processor.

pub mod client;
mod disk;
mod emitter;
mod figures;
mod fill;
pub mod replays;
mod report;
mod scenes;
mod sink;

use crate::ROUNDS;
use crate::functions::process;
use emitter::Load;
use figures::{Full, Round};
use fill::Filled;
use scenes::{Endpoint, create_and_deliver, drain, healthy, reach};
use sink::Sink;

/// Deliveries of the bare client, and those that wait in a store.
const POSTED: usize = 30_000;
const WAITING: usize = 20_000;

/// Those that wait for a slow receiver.
const SLOW: usize = 3_000;

/// Events for one endpoint, and for a hundred.
const EVENTS: usize = 10_000;
const WIDE_EVENTS: usize = 150;
const WIDE: usize = 100;

/// Endpoints beside one that times out, and events for each of them.
const OTHERS: usize = 10;
const EVENTS_OF_OTHERS: usize = 1_500;

/// Seconds of paced load.
const PACED: f64 = 2.0;

pub fn run() {
    // In a thread of its own, which ends: what is measured afterwards has all processors.
    std::thread::spawn(measure).join().expect("a measurement");
}

/// The receivers and what posts events share a processor; the program, or the client, has the other.
fn measure() {
    process::settle();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let sink = Sink::start().await;
        let stores = Stores::fill().await;
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            rounds.push(round(&sink, &stores, rounds.last()).await);
        }
        let late = scenes::lateness(&sink, Load { events: 1_000, pace: Some(400.0) }).await;
        report::table(&rounds, late);
        report::targets(&rounds, late);
    });
}

/// Filled once, copied for each measurement.
struct Stores {
    waiting: Filled,
    slow: Filled,
    others: Filled,
    with_late: Filled,
}

impl Stores {
    async fn fill() -> Self {
        let names = |endpoints: &[Endpoint]| endpoints.iter().map(|it| it.name.clone()).collect::<Vec<_>>();
        Self {
            waiting: Filled::with(WAITING, &names(&site("/ok"))).await,
            slow: Filled::with(SLOW, &names(&site("/slow"))).await,
            others: Filled::with(EVENTS_OF_OTHERS, &names(&healthy(OTHERS))).await,
            with_late: Filled::with(EVENTS_OF_OTHERS, &names(&with_late())).await,
        }
    }
}

fn site(path: &'static str) -> Vec<Endpoint> {
    vec![Endpoint::named("site", path)]
}

/// Those that are well, and one that never answers.
fn with_late() -> Vec<Endpoint> {
    let late = Endpoint { name: "late".into(), path: "/never", more: "timeout: 2s" };
    healthy(OTHERS).into_iter().chain([late]).collect()
}

/// Half the load is half of what the round before, or this one, could bear.
async fn round(sink: &Sink, stores: &Stores, before: Option<&Round>) -> Round {
    let client = client::measure(sink.address, POSTED);
    let drained = drain(sink, stores.waiting.copy(), &site("/ok"), WAITING).await;
    let slow = drain(sink, stores.slow.copy(), &site("/slow"), SLOW).await;
    let to_one = create_and_deliver(sink, &site("/ok"), EVENTS).await;
    let to_hundred = create_and_deliver(sink, &healthy(WIDE), WIDE_EVENTS).await;
    let half = |full: Full, endpoints: usize| full.rate / endpoints as f64 / 2.0;
    let (one, hundred) = before.map_or((to_one, to_hundred), |round| (round.to_one, round.to_hundred));
    let disk = disk::measure();
    let reach_one = reach(sink, &site("/ok"), paced(half(one, 1))).await;
    let reach_hundred = reach(sink, &healthy(WIDE), paced(half(hundred, WIDE))).await;
    let others = OTHERS * EVENTS_OF_OTHERS;
    let well = drain(sink, stores.others.copy(), &healthy(OTHERS), others).await;
    let beside_late = drain(sink, stores.with_late.copy(), &with_late(), others).await;
    let load = paced(half(well, OTHERS) / 2.0);
    let reach_healthy = reach(sink, &healthy(OTHERS), load).await;
    let reach_beside_late = reach(sink, &with_late(), load).await;
    Round {
        client,
        drain: drained,
        slow,
        to_one,
        to_hundred,
        disk,
        reach_one,
        reach_hundred,
        healthy: well,
        beside_late,
        reach_healthy,
        reach_beside_late,
    }
}

fn paced(pace: f64) -> Load {
    Load { events: (pace * PACED) as usize, pace: Some(pace) }
}
