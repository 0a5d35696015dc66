//! Secrets that providers hand over: taken once, while somebody waits for them.

use shared::seam::{Learned, Taken};

use super::worlds::{Store, Time};
use super::{later, now};

fn taken(sealed: &str) -> Taken {
    Taken { sealed: sealed.into(), at: now() }
}

pub async fn a_secret_is_taken_only_while_it_is_awaited_and_never_replaced(world: &impl Store, _: &Time) {
    assert_eq!(world.learned("a").await.unwrap(), None);
    assert!(!world.take_learned("a", &taken("unasked")).await.unwrap());
    assert!(!world.forget_learned("a").await.unwrap());
    assert!(world.await_learned("a", now()).await.unwrap());
    assert!(!world.take_learned("a", &taken("too late")).await.unwrap());
    assert!(world.await_learned("a", later(60)).await.unwrap());
    assert_eq!(world.learned("a").await.unwrap(), Some(Learned { until: later(60), taken: None }));
    assert!(!world.take_learned("b", &taken("of another")).await.unwrap());
    assert!(world.take_learned("a", &taken("first")).await.unwrap());
    assert!(!world.take_learned("a", &taken("second")).await.unwrap());
    assert!(!world.await_learned("a", later(90)).await.unwrap(), "who has one waits for none");
    let kept = Learned { until: later(60), taken: Some(taken("first")) };
    assert_eq!(world.learned("a").await.unwrap(), Some(kept));
    assert!(world.forget_learned("a").await.unwrap());
    assert_eq!(world.learned("a").await.unwrap(), None);
    assert!(!world.take_learned("a", &taken("third")).await.unwrap(), "who forgets waits no more");
}

pub async fn of_many_secrets_that_come_at_once_one_is_taken(world: &impl Store, _: &Time) {
    assert!(world.await_learned("a", later(60)).await.unwrap());
    let mut offers = tokio::task::JoinSet::new();
    for n in 0..16 {
        let world = world.clone();
        offers.spawn(async move { world.take_learned("a", &taken(&format!("by {n}"))).await.unwrap().then_some(n) });
    }
    let taken: Vec<_> = offers.join_all().await.into_iter().flatten().collect();
    let kept = world.learned("a").await.unwrap().unwrap().taken.unwrap().sealed;
    assert_eq!(taken.iter().map(|n| format!("by {n}")).collect::<Vec<_>>(), [kept]);
}
