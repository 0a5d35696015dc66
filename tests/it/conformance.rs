//! What every twin of the world must do: one suite over the seam, run against each.

mod claims;
mod learned;
mod outbound;
mod worlds;

use std::time::Duration;

use bytes::Bytes;
use shared::id::WebhookId;
use shared::seam::{ClaimKey, DeadLetter, Kept, Leased, Receipt};
use shared::timestamp::Timestamp;

use claims::{
    held, judged_failures_are_counted, of_many_who_claim_at_once_one_gets_it, only_a_completed_claim_makes_a_duplicate,
    what_was_given_up_stays_so_for_the_same_webhook_only,
};
use learned::{
    a_secret_is_taken_only_while_it_is_awaited_and_never_replaced, of_many_secrets_that_come_at_once_one_is_taken,
};
use worlds::{Store, Time};

const MINUTE: Duration = Duration::from_secs(60);

/// How long messages are handed out here: queues that keep their own time keep it in seconds.
const SHORT: Duration = Duration::from_secs(3);

fn id(n: u8) -> WebhookId {
    WebhookId::new(Timestamp(1_700_000_000_000 + u64::from(n)), [n; 10])
}

fn now() -> Timestamp {
    // Stores that forget by the clock of the world must not forget this.
    worlds::start()
}

fn later(seconds: u64) -> Timestamp {
    now().after(Duration::from_secs(seconds))
}

fn forget() -> Timestamp {
    later(86_400)
}

async fn a_message_is_handed_out_once_until_its_lease_ends(queue: &impl Store, time: &Time) {
    queue.enqueue(id(1), Bytes::from("one"), time.now()).await.unwrap();
    let first = queue.lease(10, time.now(), SHORT).await.unwrap();
    assert_eq!((first.len(), first[0].id, &first[0].message[..]), (1, id(1), &b"one"[..]));
    assert!(queue.lease(10, time.now(), SHORT).await.unwrap().is_empty());
    time.pass(Duration::from_secs(4)).await;
    let again = queue.lease(10, time.now(), SHORT).await.unwrap();
    assert_eq!(again.len(), 1, "nobody ended it");
    queue.remove(&again[0]).await.unwrap();
    queue.remove(&again[0]).await.unwrap();
    time.pass(Duration::from_secs(4)).await;
    assert!(queue.lease(10, time.now(), SHORT).await.unwrap().is_empty());
}

async fn messages_come_when_they_are_due(queue: &impl Store, time: &Time) {
    queue.enqueue(id(2), Bytes::from("2"), time.now().after(Duration::from_secs(3))).await.unwrap();
    queue.enqueue(id(1), Bytes::from("1"), time.now()).await.unwrap();
    let first = queue.lease(10, time.now(), MINUTE).await.unwrap();
    assert_eq!(first.iter().map(|m| &m.message[..]).collect::<Vec<_>>(), [b"1"], "the other is not due");
    time.pass(Duration::from_secs(4)).await;
    let second = queue.lease(10, time.now(), MINUTE).await.unwrap();
    assert_eq!(second.iter().map(|m| &m.message[..]).collect::<Vec<_>>(), [b"2"]);
    queue.hide(&second[0], time.now().after(Duration::from_secs(3))).await.unwrap();
    assert!(queue.lease(10, time.now(), MINUTE).await.unwrap().is_empty());
    time.pass(Duration::from_secs(4)).await;
    let hidden = queue.lease(10, time.now(), MINUTE).await.unwrap();
    assert_eq!(hidden.iter().map(|m| &m.message[..]).collect::<Vec<_>>(), [b"2"], "hidden with its message");
}

async fn any_bytes_are_carried(queue: &impl Store, time: &Time) {
    let message: Bytes = (0..=255).cycle().take(290_000).collect();
    queue.enqueue(id(3), message.clone(), time.now()).await.unwrap();
    let leased = queue.lease(1, time.now(), MINUTE).await.unwrap();
    assert_eq!((leased[0].id, &leased[0].message), (id(3), &message));
}

async fn a_body_is_kept_whole(bodies: &impl Store, _: &Time) {
    let body = Bytes::from(vec![7; 1 << 20]);
    assert_eq!(bodies.get_body(id(9)).await.unwrap(), None);
    bodies.put_body(id(9), &body).await.unwrap();
    bodies.put_body(id(9), &body).await.unwrap();
    assert_eq!(bodies.get_body(id(9)).await.unwrap(), Some(body));
}

async fn a_dead_letter_is_kept_and_comes_back_whole(world: &impl Store, time: &Time) {
    let key = ClaimKey("s/id/5".into());
    let lease = held(world, &key, id(5), now()).await;
    world.give_up(&lease, "550 no", forget()).await.unwrap();
    let letter = DeadLetter {
        id: id(5),
        died: now(),
        reason: "550 no".into(),
        tries: 1,
        claim: Some(key.clone()),
        message: Bytes::from("the message"),
    };
    let leased = Leased { id: id(5), due: now(), message: letter.message.clone(), receipt: Receipt::default() };
    world.bury(&letter, &leased).await.unwrap();
    world.bury(&letter, &leased).await.unwrap();
    let second = DeadLetter { id: id(6), claim: None, ..letter.clone() };
    world.bury(&second, &leased).await.unwrap();
    assert_eq!(world.dead(None, 10).await.unwrap(), [second.clone(), letter.clone()]);
    assert_eq!(world.dead(None, 1).await.unwrap(), std::slice::from_ref(&second));
    assert_eq!(world.dead(Some(id(6)), 10).await.unwrap(), std::slice::from_ref(&letter));
    assert_eq!(world.dead_letter(id(5)).await.unwrap(), Some(letter));
    assert!(world.retry(id(5), time.now()).await.unwrap());
    assert!(!world.retry(id(5), time.now()).await.unwrap(), "a second click repeats nothing");
    let back = world.lease(10, time.now(), MINUTE).await.unwrap();
    assert_eq!(back.iter().map(|m| (m.id, &m.message[..])).collect::<Vec<_>>(), [(id(5), &b"the message"[..])]);
    assert_eq!(held(world, &key, id(5), later(9_000)).await.tries, 0, "all tries are before it");
}

async fn a_letter_retried_while_it_is_buried_keeps_its_body(world: &impl Store, time: &Time) {
    let body = Bytes::from(vec![7; 100_000]);
    world.put_body(id(7), &body).await.unwrap();
    world.enqueue(id(7), Bytes::from("the message"), time.now()).await.unwrap();
    let leased = world.lease(1, time.now(), MINUTE).await.unwrap().remove(0);
    let letter = DeadLetter {
        id: id(7),
        died: now(),
        reason: "550 no".into(),
        tries: 1,
        claim: None,
        message: leased.message.clone(),
    };
    world.bury(&letter, &leased).await.unwrap();
    time.pass(Duration::from_secs(1)).await;
    assert!(world.retry(id(7), time.now()).await.unwrap());
    world.remove(&leased).await.unwrap();
    assert_eq!(world.lease(10, time.now(), MINUTE).await.unwrap().len(), 1, "one message, not two");
    assert_eq!(world.get_body(id(7)).await.unwrap(), Some(body));
}

async fn a_letter_too_big_for_a_row_is_kept_whole(world: &impl Store, time: &Time) {
    let message: Bytes = (0..=255).cycle().take(900_000).collect();
    let leased = Leased { id: id(8), due: time.now(), message: message.clone(), receipt: Receipt::default() };
    let letter = DeadLetter { id: id(8), died: time.now(), reason: "foreign".into(), tries: 0, claim: None, message };
    world.bury(&letter, &leased).await.unwrap();
    assert_eq!(world.dead(None, 10).await.unwrap(), std::slice::from_ref(&letter));
    assert_eq!(world.dead_letter(id(8)).await.unwrap(), Some(letter));
    assert_eq!(world.dead_letter(id(9)).await.unwrap(), None);
}

async fn dead_letters_come_in_pages(world: &impl Store, time: &Time) {
    for n in 1..=12 {
        let message = Bytes::from(vec![n; 200_000]);
        let leased = Leased { id: id(n), due: time.now(), message: message.clone(), receipt: Receipt::default() };
        let letter = DeadLetter { id: id(n), died: time.now(), reason: "no".into(), tries: 1, claim: None, message };
        world.bury(&letter, &leased).await.unwrap();
    }
    let all: Vec<_> = world.dead(None, 50).await.unwrap().iter().map(|letter| letter.id).collect();
    assert_eq!(all, (1..=12).rev().map(id).collect::<Vec<_>>(), "latest first");
    let page: Vec<_> = world.dead(Some(id(10)), 4).await.unwrap().iter().map(|letter| letter.id).collect();
    assert_eq!(page, [id(9), id(8), id(7), id(6)]);
}

async fn only_the_version_before_is_replaced(world: &impl Store, _: &Time) {
    let kept = |version, text: &str| Kept { version, text: text.into() };
    assert_eq!(world.read_config().await.unwrap(), None);
    assert!(!world.write_config(&kept(2, "too far")).await.unwrap());
    assert!(world.write_config(&kept(1, "first")).await.unwrap());
    assert!(!world.write_config(&kept(1, "another first")).await.unwrap());
    assert!(world.write_config(&kept(2, "second")).await.unwrap());
    assert_eq!(world.read_config().await.unwrap(), Some(kept(2, "second")));
}

async fn of_many_who_replace_at_once_one_does(world: &impl Store, _: &Time) {
    let mut tries = tokio::task::JoinSet::new();
    for n in 0..16 {
        let world = world.clone();
        tries.spawn(async move { world.write_config(&Kept { version: 1, text: format!("by {n}") }).await.unwrap() });
    }
    assert_eq!(tries.join_all().await.into_iter().filter(|written| *written).count(), 1);
}

macro_rules! suite {
    ($on_one_machine:ident, $on_aws:ident: $($test:ident),* $(,)?) => {
        mod local {
            $(
                #[test]
                fn $test() {
                    super::worlds::$on_one_machine(|store, time| async move { super::$test(&store, &time).await });
                }
            )*
        }

        mod aws {
            $(
                #[test]
                fn $test() {
                    super::worlds::$on_aws(|store, time| async move { super::$test(&store, &time).await });
                }
            )*
        }
    };
}
pub(crate) use suite;

suite![
    on_one_machine, on_aws:
    a_message_is_handed_out_once_until_its_lease_ends,
    messages_come_when_they_are_due,
    any_bytes_are_carried,
    a_body_is_kept_whole,
    only_a_completed_claim_makes_a_duplicate,
    judged_failures_are_counted,
    what_was_given_up_stays_so_for_the_same_webhook_only,
    of_many_who_claim_at_once_one_gets_it,
    a_dead_letter_is_kept_and_comes_back_whole,
    a_letter_retried_while_it_is_buried_keeps_its_body,
    a_letter_too_big_for_a_row_is_kept_whole,
    dead_letters_come_in_pages,
    only_the_version_before_is_replaced,
    of_many_who_replace_at_once_one_does,
    a_secret_is_taken_only_while_it_is_awaited_and_never_replaced,
    of_many_secrets_that_come_at_once_one_is_taken,
];
