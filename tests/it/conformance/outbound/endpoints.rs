//! What is known of endpoints: their states, their limits, and the tokens of those who send to them.

use std::time::Duration;

use shared::event::Digested;
use shared::quantity::{Rate, rate};
use shared::seam::{Consent, Disabled, EndpointState, Failing, Place, Scope, Token};
use shared::timestamp::Timestamp;

use super::worlds::{Mail, World};
use super::{later, now};

pub async fn orders_to_an_endpoint_do_not_undo_each_other(world: &World<impl Mail>, (): &()) {
    let state = async |tenant: &str, name: &str| world.store.endpoint_state(tenant, name).await.unwrap();
    assert_eq!(state("default", "a").await, EndpointState::default());
    let disabled = |reason: &str| Disabled { since: now(), reason: reason.into(), told: false };
    world.store.disable_endpoint("default", "a", &disabled("gone")).await.unwrap();
    world.store.slow_endpoint("default", "a", later(9)).await.unwrap();
    let off =
        EndpointState { disabled: Some(disabled("gone")), slowed_until: Some(later(9)), ..EndpointState::default() };
    assert_eq!(state("default", "a").await, off);
    world.store.disable_endpoint("default", "a", &disabled("gone again")).await.unwrap();
    world.store.slow_endpoint("default", "a", later(3)).await.unwrap();
    assert_eq!(state("default", "a").await, off, "the first reason and the longest rest stay");
    assert_eq!(state("default", "b").await, EndpointState::default());
    assert_eq!(state("acme", "a").await, EndpointState::default());
    world.store.enable_endpoint("default", "a").await.unwrap();
    assert_eq!(state("default", "a").await, EndpointState::default());
}

pub async fn a_run_of_failures_begins_once_and_ends_with_a_success(world: &World<impl Mail>, (): &()) {
    let state = async |name: &str| world.store.endpoint_state("default", name).await.unwrap();
    world.store.endpoint_fails("default", "a", later(1)).await.unwrap();
    world.store.endpoint_fails("default", "a", later(2)).await.unwrap();
    let failing = Some(Failing { since: later(1), told: false });
    assert_eq!(state("a").await, EndpointState { failing, ..EndpointState::default() }, "its beginning stays");
    assert_eq!(state("b").await, EndpointState::default());
    world.store.slow_endpoint("default", "a", later(9)).await.unwrap();
    world.store.endpoint_works("default", "a", later(3)).await.unwrap();
    let slowed_until = Some(later(9));
    let works = EndpointState { slowed_until, recovered: Some(later(3)), ..EndpointState::default() };
    assert_eq!(state("a").await, works);
    world.store.endpoint_fails("default", "a", later(4)).await.unwrap();
    let failing = Some(Failing { since: later(4), told: false });
    assert_eq!(state("a").await, EndpointState { failing, ..works }, "another run");
}

pub async fn what_people_were_told_is_known_until_the_trouble_is_over(world: &World<impl Mail>, (): &()) {
    let state = async || world.store.endpoint_state("default", "a").await.unwrap();
    world.store.endpoint_fails("default", "a", later(1)).await.unwrap();
    world.store.trouble_told("default", "a", later(1)).await.unwrap();
    let failing = Some(Failing { since: later(1), told: true });
    let told = EndpointState { failing, trouble: Some(later(1)), ..EndpointState::default() };
    assert_eq!(state().await, told);
    let disabled = Disabled { since: later(5), reason: "gone".into(), told: false };
    world.store.disable_endpoint("default", "a", &disabled).await.unwrap();
    assert_eq!(
        state().await,
        EndpointState { disabled: Some(disabled.clone()), ..told.clone() },
        "told of the failures only"
    );
    world.store.trouble_told("default", "a", later(5)).await.unwrap();
    world.store.trouble_told("default", "a", later(5)).await.unwrap();
    let disabled = Some(Disabled { told: true, ..disabled });
    assert_eq!(state().await, EndpointState { disabled, ..told }, "the trouble is as old as it was");
    world.store.enable_endpoint("default", "a").await.unwrap();
    let enabled = EndpointState { trouble: Some(later(1)), ..EndpointState::default() };
    assert_eq!(state().await, enabled, "they are to be told when it is over");
    world.store.endpoint_works("default", "a", later(9)).await.unwrap();
    assert_eq!(state().await, EndpointState { recovered: Some(later(9)), ..EndpointState::default() });
}

pub async fn an_endpoint_that_is_enabled_is_asked_for_consent_again(world: &World<impl Mail>, (): &()) {
    let consent = |at, rate| {
        let (url, origin) = ("https://example.com/".to_owned(), "hooks.example.com".to_owned());
        Consent { url, origin, at, refused: None, rate }
    };
    world.store.note_consent("default", "a", &consent(later(1), Some(60))).await.unwrap();
    let refused = Consent { refused: Some("no".into()), ..consent(later(2), None) };
    world.store.note_consent("default", "a", &refused).await.unwrap();
    let known = world.store.endpoint_state("default", "a").await.unwrap();
    assert_eq!(known, EndpointState { consent: Some(refused), ..EndpointState::default() }, "the last answer counts");
    world.store.enable_endpoint("default", "a").await.unwrap();
    assert_eq!(world.store.endpoint_state("default", "a").await.unwrap(), EndpointState::default());
}

fn ten_a_second() -> Rate {
    rate("10/s").unwrap()
}

fn after(millis: u64) -> Timestamp {
    now().after(Duration::from_millis(millis))
}

pub async fn a_rate_gives_places_that_are_apart(world: &World<impl Mail>, (): &()) {
    let reserve =
        async |endpoint: &str, at| world.store.reserve("default", endpoint, ten_a_second(), at).await.unwrap();
    for n in 0..5 {
        assert_eq!(reserve("a", now()).await, after(n * 100));
    }
    assert_eq!(reserve("a", after(250)).await, after(500), "behind those who came before");
    assert_eq!(reserve("b", now()).await, now());
    assert_eq!(reserve("a", after(9_000)).await, after(9_000), "what was not used is gone");
    assert_eq!(reserve("a", after(9_000)).await, after(9_100));
}

pub async fn of_many_who_reserve_at_once_each_gets_a_place_of_its_own(world: &World<impl Mail>, (): &()) {
    let mut tries = tokio::task::JoinSet::new();
    for _ in 0..24 {
        let store = world.store.clone();
        tries.spawn(async move { store.reserve("default", "a", ten_a_second(), now()).await.unwrap() });
    }
    let mut places = tries.join_all().await;
    places.sort();
    assert_eq!(places, (0..24).map(|n| after(n * 100)).collect::<Vec<_>>());
}

pub async fn no_more_calls_are_under_way_than_an_endpoint_bears(world: &World<impl Mail>, (): &()) {
    let mut tries = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let store = world.store.clone();
        tries.spawn(async move { store.enter("default", "a", 3, now(), later(60)).await.unwrap() });
    }
    let mut places: Vec<Place> = tries.join_all().await.into_iter().flatten().collect();
    places.sort_by_key(|place| place.slot);
    assert_eq!(places, (0..3).map(|slot| Place { slot, until: later(60) }).collect::<Vec<_>>());
    let enter = async |endpoint: &str| world.store.enter("default", endpoint, 3, later(1), later(61)).await.unwrap();
    assert_eq!(enter("a").await, None);
    assert!(enter("b").await.is_some(), "another endpoint");
    world.store.leave("default", "a", places[1]).await.unwrap();
    assert_eq!(enter("a").await, Some(Place { slot: 1, until: later(61) }));
    assert_eq!(enter("a").await, None);
}

pub async fn a_place_is_free_again_when_its_time_is_over(world: &World<impl Mail>, (): &()) {
    let enter = async |at, until| world.store.enter("default", "a", 1, at, until).await.unwrap();
    let first = enter(now(), later(10)).await.expect("a place");
    assert_eq!(enter(later(9), later(19)).await, None);
    assert!(enter(later(10), later(20)).await.is_some());
    world.store.leave("default", "a", first).await.unwrap();
    assert_eq!(enter(later(11), later(21)).await, None, "it is somebody else's now");
}

pub async fn a_token_is_found_until_it_is_removed(world: &World<impl Mail>, (): &()) {
    let token =
        |secret: &str| Token { digest: Digested::of_token(secret.as_bytes()), scope: Scope::Events, made: now() };
    let (one, two) = (token("one"), token("two"));
    assert_eq!(world.store.token(&one.digest).await, Ok(None));
    world.store.add_token(&one).await.unwrap();
    world.store.add_token(&two).await.unwrap();
    assert_eq!(world.store.token(&one.digest).await, Ok(Some(one.clone())));
    let mut all = world.store.tokens().await.unwrap();
    all.sort_by_key(|token| token.digest != one.digest);
    assert_eq!(all, [one.clone(), two.clone()]);
    assert_eq!(world.store.remove_token(&one.digest).await, Ok(true));
    assert_eq!(world.store.remove_token(&one.digest).await, Ok(false));
    assert_eq!(world.store.token(&one.digest).await, Ok(None));
    assert_eq!(world.store.tokens().await, Ok(vec![two]));
}
