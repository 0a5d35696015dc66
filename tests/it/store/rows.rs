//! Rows that are made of other rows, counted, or kept for a time only.

use std::path::Path;
use std::time::Duration;

use redb::{Database, TableDefinition};
use serde_json::json;
use shared::event::{Data, Digested, Event};
use shared::local::Store;
use shared::seam::{
    Attempt, AttemptClaim, Attempts, Backlog, CountAttempts, DeliveryKey, KeepEvent, Progress, ReadHealth, Recipient,
    Replay, ReplayKey, ReplaySteps, Replays, Step, Turn, Which,
};
use shared::timestamp::Timestamp;

use crate::harness::play;

const NOW: Timestamp = Timestamp(1_700_000_000_000);
const DAY: Duration = Duration::from_secs(86_400);

/// Its first attempt at `a` came to this.
async fn judged(store: &Store, id: &str, received: Timestamp, attempt: Option<Attempt>, step: Step) {
    let (kind, data) = ("order.created".parse().unwrap(), Data::json(json!({ "id": id }).to_string()));
    let (tenant, digest) = ("default".to_owned(), Digested::of(&kind, None, &[], &data));
    let id = id.parse().unwrap();
    let event =
        Event { tenant, id, kind, timestamp: received, received, channels: Vec::new(), data, digest, origin: None };
    store.keep_event(&event, &[Recipient { endpoint: "a".into(), due: received }]).await.unwrap();
    let key = DeliveryKey { tenant: "default".into(), event: event.id.clone(), endpoint: "a".into() };
    let turn = Turn { key, number: 1, due: received, paced: false };
    let claim = store.claim_attempt(&turn, &event, NOW, NOW.after(DAY)).await.unwrap();
    let AttemptClaim::Ours(lease) = claim else { panic!("{claim:?}") };
    store.settle_attempt(lease, attempt, step).await.unwrap();
}

fn failure() -> Attempt {
    Attempt { number: 1, at: NOW, took: 1, status: Some(500), error: None, response: None }
}

/// As a version left it that knew no such tables.
fn forget_tables(folder: &Path) {
    let database = Database::open(folder.join("hookpost.redb")).unwrap();
    let write = database.begin_write().unwrap();
    write.delete_table(TableDefinition::<(&str, u8, u64, &str), u64>::new("undelivered")).unwrap();
    write.delete_table(TableDefinition::<(&str, &str), &[u8]>::new("replays")).unwrap();
    write.delete_table(TableDefinition::<(bool, u64, &str, &str), ()>::new("replays by time")).unwrap();
    write.commit().unwrap();
}

#[test]
fn a_store_from_before_there_were_replays_knows_what_has_not_arrived() {
    let folder = tempfile::tempdir().unwrap();
    let due = NOW.after(DAY);
    play(async {
        let store = Store::open(folder.path()).unwrap();
        judged(&store, "arrived", NOW, Some(failure()), Step::Delivered).await;
        judged(&store, "held", NOW, None, Step::Held).await;
        judged(&store, "up", NOW, Some(failure()), Step::GivenUp).await;
        judged(&store, "again", NOW.after(DAY), Some(failure()), Step::Again { due }).await;
    });
    forget_tables(folder.path());
    play(async {
        let store = Store::open(folder.path()).unwrap();
        let backlog = Backlog { oldest: Some(NOW.after(DAY)), next: Some(due), held: 1, given_up: 1 };
        assert_eq!(store.backlog("default", "a").await.unwrap(), backlog);
        assert_eq!(store.replays("default", "a").await.unwrap(), []);
    });
}

#[test]
fn what_was_counted_is_read_back_after_the_store_was_closed() {
    let folder = tempfile::tempdir().unwrap();
    let count = async |store: &Store| store.count_attempt("default", "a", NOW, true, None).await;
    play(async {
        let store = Store::open(folder.path()).unwrap();
        for _ in 0..5 {
            count(&store).await;
        }
        assert_eq!(store.tally("default", "a", NOW).await.unwrap().delivered, 5, "at once");
        store.write_counts().await;
        assert_eq!(store.tally("default", "a", NOW).await.unwrap().delivered, 5, "each once");
    });
    play(async {
        let store = Store::open(folder.path()).unwrap();
        assert_eq!(store.tally("default", "a", NOW).await.unwrap().delivered, 5);
        count(&store).await;
        assert_eq!(store.tally("default", "a", NOW).await.unwrap().delivered, 6, "what is written and what is not");
    });
}

#[test]
fn replays_that_ended_are_kept_for_a_month_and_those_that_run_until_they_end() {
    let folder = tempfile::tempdir().unwrap();
    let key = |which| ReplayKey { tenant: "default".into(), endpoint: "a".into(), which };
    play(async {
        let store = Store::open(folder.path()).unwrap();
        let running = Replay::begun(key(Which::Held), [1; 10], NOW);
        let over = Replay::begun(key(Which::Missing { since: NOW }), [2; 10], NOW);
        store.begin_replay(&running).await.unwrap();
        store.begin_replay(&over).await.unwrap();
        let done = Replay { state: Progress::Done, ended: Some(NOW.after(DAY)), ..over.clone() };
        store.release(&over, &[], &done).await.unwrap();
        store.sweep(NOW.after(31 * DAY)).await.unwrap();
        assert_eq!(store.replays("default", "a").await.unwrap(), [done, running.clone()]);
        store.sweep(NOW.after(31 * DAY + Duration::from_secs(1))).await.unwrap();
        assert_eq!(store.replays("default", "a").await.unwrap(), [running]);
    });
}

#[test]
fn what_was_swept_is_no_longer_counted() {
    let folder = tempfile::tempdir().unwrap();
    play(async {
        let store = Store::open(folder.path()).unwrap();
        judged(&store, "old", NOW, None, Step::Held).await;
        judged(&store, "up", NOW, Some(failure()), Step::GivenUp).await;
        judged(&store, "new", NOW.after(DAY), None, Step::Held).await;
        store.sweep(NOW.after(30 * DAY + Duration::from_secs(60))).await.unwrap();
        let left = store.backlog("default", "a").await.unwrap();
        assert_eq!((left.held, left.given_up), (1, 0));
    });
}
