//! Replays: what is held goes out at its endpoint's rate in little memory, and what stays held costs others nothing.

use std::time::Instant;

use shared::seam::{ReadHealth, Replay, ReplayKey, Replays, Which, WriteEndpointState};
use shared::timestamp::Timestamp;

use super::fill::Filled;
use super::scenes::{Endpoint, drain, healthy};
use super::sink::Sink;
use crate::ROUNDS;

const HELD: usize = 100_000;
const FEW: usize = 2_000;
const RATE: f64 = 2_000.0;

const STAYS_HELD: usize = 1_000_000;
const OTHERS: usize = 10;
const EVENTS_OF_OTHERS: usize = 1_500;

pub fn run() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let sink = Sink::start().await;
        replayed(&sink).await;
        beside(&sink).await;
    });
}

async fn replayed(sink: &Sink) {
    let (rate, peak) = replay(sink, HELD).await;
    let (_, few) = replay(sink, FEW).await;
    println!("a replay of {HELD} held deliveries to an endpoint that takes {RATE} a second");
    println!("  {rate:.0} a second, {:.2}x its rate", rate / RATE);
    println!("  peak memory {peak:.1} MB, {:.2}x that of a replay of {FEW} ({few:.1} MB)", peak / few);
}

/// Deliveries a second, and the most memory.
async fn replay(sink: &Sink, count: usize) -> (f64, f64) {
    let filled = Filled::with(0, &[]).await.and_held(count, "site").await;
    let key = ReplayKey { tenant: "default".into(), endpoint: "site".into(), which: Which::Held };
    let replay = Replay::begun(key, [7; 10], Timestamp::now());
    filled.store().begin_replay(&replay).await.expect("a store");
    let endpoint = Endpoint { name: "site".into(), path: "/ok", more: "rate: 2000/s" };
    let full = drain(sink, filled.copy(), &[endpoint], count).await;
    (full.rate, full.peak)
}

/// The same deliveries, alone in a store and beside a million that are held.
async fn beside(sink: &Sink) {
    let names: Vec<_> = healthy(OTHERS).into_iter().map(|it| it.name).collect();
    let alone = Filled::with(EVENTS_OF_OTHERS, &names).await;
    let beside = Filled::with(EVENTS_OF_OTHERS, &names).await.and_held(STAYS_HELD, "off").await;
    let store = beside.store();
    let (began, known) = (Instant::now(), store.backlog("default", "off").await.expect("a store"));
    let counted = began.elapsed();
    let began = Instant::now();
    store.enable_endpoint("default", "off").await.expect("a store");
    let enabled = began.elapsed();
    drop(store);
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        without.push(drain(sink, alone.copy(), &healthy(OTHERS), OTHERS * EVENTS_OF_OTHERS).await.rate);
        with.push(drain(sink, beside.copy(), &healthy(OTHERS), OTHERS * EVENTS_OF_OTHERS).await.rate);
    }
    let median = |rates: &mut Vec<f64>| {
        rates.sort_by(f64::total_cmp);
        rates[ROUNDS / 2]
    };
    let (without, with) = (median(&mut without), median(&mut with));
    println!("{OTHERS} endpoints beside one that is disabled, with {STAYS_HELD} deliveries held");
    println!("  {with:.0} deliveries a second, {:.2}x as without it ({without:.0})", with / without);
    println!("  counted to {} in {counted:?}, enabled in {enabled:?}", known.held);
}
