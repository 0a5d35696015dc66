//! What every twin of the world must do: one suite over the seam, run against each.

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use shared::id::WebhookId;
use shared::local::Store;
use shared::seam::{
    Bury, Claim, ClaimKey, Claims, DeadLetter, DeadLetters, Dequeue, Enqueue, GetBody, Lease, Leased, PutBody,
};
use shared::timestamp::Timestamp;

const NOW: Timestamp = Timestamp(1_700_000_000_000);
const MINUTE: Duration = Duration::from_secs(60);

fn id(n: u8) -> WebhookId {
    WebhookId::new(NOW.after(Duration::from_millis(u64::from(n))), [n; 10])
}

fn later(seconds: u64) -> Timestamp {
    NOW.after(Duration::from_secs(seconds))
}

fn forget() -> Timestamp {
    later(86_400)
}

async fn a_message_is_handed_out_once_until_its_lease_ends(queue: &(impl Enqueue + Dequeue)) {
    queue.enqueue(id(1), Bytes::from("one"), NOW).await.unwrap();
    let first = queue.lease(10, NOW, MINUTE).await.unwrap();
    assert_eq!((first.len(), &first[0].message[..]), (1, &b"one"[..]));
    assert!(queue.lease(10, later(59), MINUTE).await.unwrap().is_empty());
    let again = queue.lease(10, later(61), MINUTE).await.unwrap();
    assert_eq!(again.len(), 1, "nobody ended it");
    queue.remove(&again[0]).await.unwrap();
    queue.remove(&again[0]).await.unwrap();
    assert!(queue.lease(10, later(600), MINUTE).await.unwrap().is_empty());
}

async fn messages_come_when_they_are_due_and_earliest_first(queue: &(impl Enqueue + Dequeue)) {
    for (n, due) in [(3, later(3)), (1, later(1)), (2, later(2)), (4, later(100))] {
        queue.enqueue(id(n), Bytes::from(vec![n]), due).await.unwrap();
    }
    assert!(queue.lease(10, NOW, MINUTE).await.unwrap().is_empty());
    let due: Vec<u8> = queue.lease(2, later(3), MINUTE).await.unwrap().iter().map(|m| m.message[0]).collect();
    assert_eq!(due, [1, 2]);
    let rest = queue.lease(10, later(3), MINUTE).await.unwrap();
    assert_eq!(rest.iter().map(|m| m.message[0]).collect::<Vec<_>>(), [3]);
    queue.hide(&rest[0], later(50)).await.unwrap();
    assert!(queue.lease(10, later(49), MINUTE).await.unwrap().iter().all(|m| m.message[0] != 3));
    let hidden = queue.lease(10, later(50), MINUTE).await.unwrap();
    assert_eq!(hidden.iter().map(|m| &m.message[..]).collect::<Vec<_>>(), [[3]], "hidden with its message");
}

async fn a_body_is_kept_whole(bodies: &(impl PutBody + GetBody)) {
    let body = Bytes::from(vec![7; 1 << 20]);
    assert_eq!(bodies.get_body(id(9)).await.unwrap(), None);
    bodies.put_body(id(9), &body).await.unwrap();
    bodies.put_body(id(9), &body).await.unwrap();
    assert_eq!(bodies.get_body(id(9)).await.unwrap(), Some(body));
}

async fn held(claims: &impl Claims, key: &ClaimKey, by: WebhookId, now: Timestamp) -> Lease {
    match claims.claim(key, by, now, MINUTE).await.unwrap() {
        Claim::Ours(lease) => lease,
        other => panic!("{other:?}"),
    }
}

async fn only_a_completed_claim_makes_a_duplicate(claims: &impl Claims) {
    let key = ClaimKey("s/id/1".into());
    let first = held(claims, &key, id(1), NOW).await;
    assert_eq!((first.tries, first.refused_since, first.until), (0, None, later(60)));
    for by in [id(1), id(2)] {
        assert_eq!(claims.claim(&key, by, later(59), MINUTE).await, Ok(Claim::Busy { until: later(60) }));
    }
    let second = held(claims, &key, id(2), later(60)).await;
    assert_eq!(second.tries, 0, "a lease that ended is no try");
    claims.complete(&second, forget()).await.unwrap();
    assert_eq!(claims.claim(&key, id(3), later(61), MINUTE).await, Ok(Claim::Completed { by: id(2) }));
    claims.refuse(&first, later(61), forget()).await.unwrap();
    claims.give_up(&first, "late", forget()).await.unwrap();
    assert_eq!(
        claims.claim(&key, id(3), later(62), MINUTE).await,
        Ok(Claim::Completed { by: id(2) }),
        "a lost lease changes nothing"
    );
    held(claims, &key, id(3), forget()).await;
}

async fn judged_failures_are_counted(claims: &impl Claims) {
    let key = ClaimKey("s/id/2".into());
    for tries in 0..3 {
        let now = later(u64::from(tries) * 10);
        let lease = held(claims, &key, id(1), now).await;
        assert_eq!((lease.tries, lease.refused_since), (tries, (tries > 0).then_some(NOW)));
        claims.refuse(&lease, now, forget()).await.unwrap();
    }
}

async fn what_was_given_up_stays_so_for_the_same_webhook_only(claims: &impl Claims) {
    let key = ClaimKey("s/id/3".into());
    let lease = held(claims, &key, id(1), NOW).await;
    claims.give_up(&lease, "550 no", forget()).await.unwrap();
    assert_eq!(claims.claim(&key, id(1), later(1), MINUTE).await, Ok(Claim::Buried { reason: "550 no".into() }));
    assert_eq!(held(claims, &key, id(2), later(1)).await.tries, 0);
}

async fn of_many_who_claim_at_once_one_gets_it(claims: &(impl Claims + Clone + Send + Sync + 'static)) {
    let key = ClaimKey("s/id/4".into());
    let mut tries = tokio::task::JoinSet::new();
    for n in 0..32 {
        let (claims, key) = (claims.clone(), key.clone());
        tries.spawn(async move { claims.claim(&key, id(n), NOW, MINUTE).await.unwrap() });
    }
    let claimed = tries.join_all().await;
    assert_eq!(claimed.iter().filter(|claim| matches!(claim, Claim::Ours(_))).count(), 1);
}

async fn a_dead_letter_is_kept_and_comes_back_whole(world: &(impl Bury + DeadLetters + Dequeue + Claims)) {
    let key = ClaimKey("s/id/5".into());
    let lease = held(world, &key, id(5), NOW).await;
    world.give_up(&lease, "550 no", forget()).await.unwrap();
    let letter = DeadLetter {
        id: id(5),
        died: NOW,
        reason: "550 no".into(),
        tries: 1,
        claim: Some(key.clone()),
        message: Bytes::from("the message"),
    };
    let leased = Leased { id: id(5), due: NOW, message: letter.message.clone() };
    world.bury(&letter, &leased).await.unwrap();
    world.bury(&letter, &leased).await.unwrap();
    let second = DeadLetter { id: id(6), claim: None, ..letter.clone() };
    world.bury(&second, &leased).await.unwrap();
    assert_eq!(world.dead(None, 10).await.unwrap(), [second.clone(), letter.clone()]);
    assert_eq!(world.dead(None, 1).await.unwrap(), std::slice::from_ref(&second));
    assert_eq!(world.dead(Some(id(6)), 10).await.unwrap(), std::slice::from_ref(&letter));
    assert_eq!(world.dead_letter(id(5)).await.unwrap(), Some(letter));
    assert!(world.retry(id(5), later(9_000)).await.unwrap());
    assert!(!world.retry(id(5), later(9_000)).await.unwrap(), "a second click repeats nothing");
    let back = world.lease(10, later(9_000), MINUTE).await.unwrap();
    assert_eq!(back.iter().map(|m| (m.id, &m.message[..])).collect::<Vec<_>>(), [(id(5), &b"the message"[..])]);
    assert_eq!(held(world, &key, id(5), later(9_000)).await.tries, 0, "all tries are before it");
}

async fn a_letter_retried_while_it_is_buried_keeps_its_body(
    world: &(impl Bury + DeadLetters + Dequeue + Enqueue + PutBody + GetBody),
) {
    let body = Bytes::from(vec![7; 100_000]);
    world.put_body(id(7), &body).await.unwrap();
    world.enqueue(id(7), Bytes::from("the message"), NOW).await.unwrap();
    let leased = world.lease(1, NOW, MINUTE).await.unwrap().remove(0);
    let letter = DeadLetter {
        id: id(7),
        died: NOW,
        reason: "550 no".into(),
        tries: 1,
        claim: None,
        message: leased.message.clone(),
    };
    world.bury(&letter, &leased).await.unwrap();
    assert!(world.retry(id(7), later(1)).await.unwrap());
    world.remove(&leased).await.unwrap();
    assert_eq!(world.lease(10, later(1), MINUTE).await.unwrap().len(), 1, "one message, not two");
    assert_eq!(world.get_body(id(7)).await.unwrap(), Some(body));
}

/// Runs a test of the suite against a store of its own.
fn on_one_machine<F: Future<Output = ()>>(test: impl FnOnce(Store) -> F) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    runtime.block_on(test(store));
}

macro_rules! suite {
    ($($test:ident),* $(,)?) => {
        mod local {
            $(
                #[test]
                fn $test() {
                    super::on_one_machine(|store| async move { super::$test(&store).await });
                }
            )*
        }
    };
}

suite![
    a_message_is_handed_out_once_until_its_lease_ends,
    messages_come_when_they_are_due_and_earliest_first,
    a_body_is_kept_whole,
    only_a_completed_claim_makes_a_duplicate,
    judged_failures_are_counted,
    what_was_given_up_stays_so_for_the_same_webhook_only,
    of_many_who_claim_at_once_one_gets_it,
    a_dead_letter_is_kept_and_comes_back_whole,
    a_letter_retried_while_it_is_buried_keeps_its_body,
];
