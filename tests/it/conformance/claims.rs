//! Claims: who may mail a webhook, and what is remembered of it.

use shared::id::WebhookId;
use shared::seam::{Claim, ClaimKey, Lease};
use shared::timestamp::Timestamp;

use super::worlds::{Store, Time};
use super::{MINUTE, forget, id, later, now};

pub async fn held(claims: &impl Store, key: &ClaimKey, by: WebhookId, now: Timestamp) -> Lease {
    match claims.claim(key, by, now, MINUTE).await.unwrap() {
        Claim::Ours(lease) => lease,
        other => panic!("{other:?}"),
    }
}

pub async fn only_a_completed_claim_makes_a_duplicate(claims: &impl Store, _: &Time) {
    let key = ClaimKey("s/id/1".into());
    let first = held(claims, &key, id(1), now()).await;
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

pub async fn judged_failures_are_counted(claims: &impl Store, _: &Time) {
    let key = ClaimKey("s/id/2".into());
    let first = now();
    for tries in 0..3 {
        let now = later(u64::from(tries) * 10);
        let lease = held(claims, &key, id(1), now).await;
        assert_eq!((lease.tries, lease.refused_since), (tries, (tries > 0).then_some(first)));
        claims.refuse(&lease, now, forget()).await.unwrap();
    }
}

pub async fn what_was_given_up_stays_so_for_the_same_webhook_only(claims: &impl Store, _: &Time) {
    let key = ClaimKey("s/id/3".into());
    let lease = held(claims, &key, id(1), now()).await;
    claims.give_up(&lease, "550 no", forget()).await.unwrap();
    assert_eq!(claims.claim(&key, id(1), later(1), MINUTE).await, Ok(Claim::Buried { reason: "550 no".into() }));
    assert_eq!(held(claims, &key, id(2), later(1)).await.tries, 0);
}

pub async fn of_many_who_claim_at_once_one_gets_it(claims: &impl Store, _: &Time) {
    let key = ClaimKey("s/id/4".into());
    let mut tries = tokio::task::JoinSet::new();
    for n in 0..32 {
        let (claims, key) = (claims.clone(), key.clone());
        tries.spawn(async move { claims.claim(&key, id(n), now(), MINUTE).await.unwrap() });
    }
    let claimed = tries.join_all().await;
    assert_eq!(claimed.iter().filter(|claim| matches!(claim, Claim::Ours(_))).count(), 1);
}
