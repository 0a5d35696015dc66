//! The same for a replay: cut short again and again, it leaves nothing out and tells the truth of how far it is.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use shared::event::{Data, Digested, Event};
use shared::local::Store;
use shared::seam::{AttemptClaim, Attempts, DeliveryKey, KeepEvent, MOST_COUNTED, ReadHealth, Recipient, Step, Turn};
use shared::timestamp::Timestamp;

use super::Random;
use crate::harness::{ADMIN, Hookpost, Receiver, Setup, eventually, within};

/// More than anybody counts.
const HELD: usize = 10_100;
const KILLS: usize = 4;

/// Calls to one endpoint that may be under way when the process dies.
const WIDEST: usize = 64;

fn event(n: usize, received: Timestamp) -> Event {
    let (kind, data) = ("order.created".parse().unwrap(), Data::json(json!({ "n": n }).to_string()));
    let digest = Digested::of(&kind, None, &[], &data);
    let (tenant, id) = ("default".into(), format!("event-{n:08}").parse().unwrap());
    Event { tenant, id, kind, timestamp: received, received, channels: Vec::new(), data, digest, origin: None }
}

/// Held for `a`, as they are after it was disabled.
async fn hold(store: &Store) {
    let (start, mut tasks) = (Timestamp::now().before(Duration::from_secs(600)), tokio::task::JoinSet::new());
    for worker in 0..200 {
        let store = store.clone();
        tasks.spawn(async move {
            for n in (worker..HELD).step_by(200) {
                let one = event(n, start.after(Duration::from_millis(n as u64)));
                let due = one.received;
                store.keep_event(&one, &[Recipient { endpoint: "a".into(), due }]).await.unwrap();
                let key = DeliveryKey { tenant: "default".into(), event: one.id.clone(), endpoint: "a".into() };
                let turn = Turn { key, number: 1, due, paced: false };
                let now = Timestamp::now();
                let claim = store.claim_attempt(&turn, &one, now, now.after(Duration::from_secs(60))).await.unwrap();
                let AttemptClaim::Ours(lease) = claim else { panic!("{claim:?}") };
                store.settle_attempt(lease, None, Step::Held).await.unwrap();
            }
        });
    }
    tasks.join_all().await;
}

fn ask(office: &Hookpost, method: &str, path: &str, body: &[u8]) -> Value {
    let headers = [("authorization", &*format!("Bearer {ADMIN}")), ("content-type", "application/json")];
    let answer = office.send(method, path, &headers, body);
    assert!(answer.status < 300, "{}: {}", answer.status, answer.text());
    answer.json()
}

fn progress(office: &Hookpost) -> Value {
    ask(office, "GET", "/api/v1/endpoints/a/replays", b"")["data"][0].clone()
}

#[test]
fn kill_9_skips_nothing_of_a_replay() {
    let receiver = Receiver::start();
    let config = format!("endpoints:\n  a: {{ url: \"{}\" }}\n", receiver.url("/"));
    let mut office = Setup::config(&config).sending().start();
    office.signal(rustix::process::Signal::TERM);
    office.end();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let store = Store::open(&office.data()).unwrap();
    let counted = runtime.block_on(async {
        hold(&store).await;
        store.backlog("default", "a").await.unwrap().held
    });
    assert_eq!(counted, MOST_COUNTED, "no more rows are read than are counted");
    drop(store);
    office.restart();
    ask(&office, "POST", "/api/v1/endpoints/a/replays", br#"{"of":"held"}"#);
    let (mut random, mut queued) = (Random(u64::from(std::process::id()) << 20 | 1), 0);
    for _ in 0..KILLS {
        thread::sleep(Duration::from_millis(500 + random.below(1_500)));
        let before = progress(&office)["queued"].as_u64().unwrap();
        office.signal(rustix::process::Signal::KILL);
        office.restart();
        let after = progress(&office);
        let now = after["queued"].as_u64().unwrap();
        assert!(before >= queued && now >= before && now <= HELD as u64, "{before}, then {after}");
        queued = now;
    }
    println!("{queued} of {HELD} were queued at the last kill");
    let started = Instant::now();
    within(Duration::from_secs(120), "all arrived", || (receiver.received_ids().len() == HELD).then_some(()));
    eventually("the end", || (progress(&office)["state"] == "done").then_some(()));
    println!("the rest took {:?}", started.elapsed());
    assert_eq!(progress(&office)["queued"], HELD as u64, "each was counted once");
    let again: usize = receiver.received_ids().values().map(|times| times - 1).sum();
    assert!(again <= KILLS * WIDEST, "{again} came again");
}
