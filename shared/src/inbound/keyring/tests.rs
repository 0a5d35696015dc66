//! What is fetched, how often, and what is believed when nothing comes.

use std::sync::Mutex;

use futures_util::future::join_all;
use serde_json::json;
use tokio::sync::Semaphore;

use super::*;
use crate::schemes::test_keys::{RSA, jwk_ec};
use crate::seam::{NoAnswer, Trouble};

const CALLER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
const GUARD: Guard = Guard { allow_loopback: false, allow_sns: false };
const MINUTE: u64 = 60_000;

type Said = Result<Received, NoAnswer>;

/// A provider, played. It writes down what it was asked, and dials nothing.
struct Provider {
    asked: Mutex<Vec<Outgoing>>,
    says: Mutex<Said>,
    gate: Semaphore,
}

impl Provider {
    fn saying(says: Said) -> Self {
        Self { asked: Mutex::default(), says: Mutex::new(says), gate: Semaphore::new(1_000) }
    }

    fn says(&self, says: Said) {
        *self.says.lock().unwrap() = says;
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

impl SendWebhook for Provider {
    async fn send_webhook(&self, outgoing: Outgoing) -> Said {
        self.asked.lock().unwrap().push(outgoing);
        self.gate.acquire().await.unwrap().forget();
        tokio::task::yield_now().await;
        self.says.lock().unwrap().clone()
    }
}

fn answer(status: u16, cache: &str, body: impl ToString) -> Said {
    let headers = HeaderMap::from_iter([(CACHE_CONTROL, cache.parse().unwrap())]);
    Ok(Received { status, headers, body: body.to_string().into() })
}

fn down() -> Said {
    Err(NoAnswer { kind: Trouble::Connect, words: "refused".into() })
}

fn keys(kids: &[&str]) -> serde_json::Value {
    json!({ "keys": kids.iter().map(|kid| jwk_ec(kid)).collect::<Vec<_>>() })
}

fn wanted(kid: &str) -> Wanted {
    Wanted::keys("https://id.example/keys", Some(kid.to_owned()))
}

/// Whether that key was had at that time.
async fn has(ring: &Keyring, provider: &Provider, kid: &str, ms: u64) -> Result<bool, NotFetched> {
    let one = wanted(kid);
    let material = ring.get((provider, GUARD), ("s", CALLER), &one, Timestamp(ms)).await?;
    Ok(one.is_in(&material))
}

#[tokio::test]
async fn what_was_fetched_is_kept_as_long_as_its_provider_says_within_bounds() {
    for (cache, minutes) in [
        ("max-age=1200", 20),
        ("public, MAX-AGE=1200", 20),
        ("max-age=0", 5),
        ("no-store, max-age=1200", 5),
        ("max-age=9999999", 1_440),
        ("max-age=-1", 60),
        ("max-age=99999999999999999999999", 60),
        ("private", 60),
    ] {
        let (ring, provider) = (Keyring::default(), Provider::saying(answer(200, cache, keys(&["a"]))));
        for (ms, asked) in [(0, 1), (minutes * MINUTE - 1, 1), (minutes * MINUTE, 2)] {
            assert_eq!(has(&ring, &provider, "a", ms).await, Ok(true));
            assert_eq!(provider.asked(), asked, "{cache} after {ms} ms");
        }
    }
}

#[tokio::test]
async fn a_key_that_is_new_is_found_and_strangers_ask_no_more_than_once_in_five_minutes() {
    let (ring, provider) = (Keyring::default(), Provider::saying(answer(200, "max-age=86400", keys(&["a"]))));
    assert_eq!(has(&ring, &provider, "a", 0).await, Ok(true));
    for ms in 1..100 {
        assert_eq!(has(&ring, &provider, &format!("stranger-{ms}"), ms).await, Ok(false));
    }
    assert_eq!(provider.asked(), 1);
    provider.says(answer(200, "", keys(&["a", "b"])));
    assert_eq!(has(&ring, &provider, "b", 5 * MINUTE - 1).await, Ok(false));
    assert_eq!(has(&ring, &provider, "b", 5 * MINUTE).await, Ok(true));
    assert_eq!(has(&ring, &provider, "a", 5 * MINUTE).await, Ok(true));
    assert_eq!(has(&ring, &provider, "c", 5 * MINUTE + 1).await, Ok(false));
    assert_eq!(provider.asked(), 2);
}

#[tokio::test]
async fn the_old_keys_stay_for_a_day_while_nothing_comes() {
    let (ring, provider) = (Keyring::default(), Provider::saying(answer(200, "max-age=300", keys(&["a"]))));
    assert_eq!(has(&ring, &provider, "a", 0).await, Ok(true));
    let failures = [
        down(),
        answer(500, "", ""),
        answer(302, "", keys(&["evil"])),
        answer(200, "", "<html>"),
        answer(200, "", r#"{"keys": []}"#),
    ];
    for (at, failure) in (1..).zip(failures) {
        provider.says(failure);
        assert_eq!(has(&ring, &provider, "a", (5 + at) * MINUTE).await, Ok(true));
        assert_eq!(provider.asked() as u64, 1 + at, "{at}");
    }
    assert!(has(&ring, &provider, "b", 20 * MINUTE).await.is_err(), "who shows an unknown key is to come again");
    assert_eq!(has(&ring, &provider, "a", 1_444 * MINUTE).await, Ok(true));
    assert!(has(&ring, &provider, "a", 1_446 * MINUTE).await.is_err());
    provider.says(answer(200, "", keys(&["c"])));
    assert_eq!(has(&ring, &provider, "c", 1_447 * MINUTE).await, Ok(true));
}

#[tokio::test]
async fn a_failure_is_remembered_for_half_a_minute() {
    let (ring, provider) = (Keyring::default(), Provider::saying(down()));
    for (ms, asked) in [(0, 1), (29_999, 1), (30_000, 2)] {
        assert_eq!(has(&ring, &provider, "a", ms).await, Err(NotFetched("connect: refused".into())));
        assert_eq!(provider.asked(), asked);
    }
}

#[tokio::test]
async fn of_many_who_want_a_key_at_once_one_asks() {
    let provider = Provider { gate: Semaphore::new(0), ..Provider::saying(answer(200, "", keys(&["a"]))) };
    let ring = Keyring::default();
    let all = join_all((0..50).map(|_| has(&ring, &provider, "a", 0)));
    let open = async {
        tokio::task::yield_now().await;
        provider.gate.add_permits(1);
    };
    let (had, ()) = tokio::join!(all, open);
    assert!(had.iter().all(|had| *had == Ok(true)));
    assert_eq!(provider.asked(), 1);
}

#[tokio::test]
async fn strangers_cannot_make_us_fetch_without_end_nor_keep_us_from_what_is_known() {
    let (ring, provider) = (Keyring::default(), Provider::saying(answer(200, "max-age=300", RSA.certificate.as_str())));
    let get = async |name: String, source: &'static str, ms| {
        ring.get(
            (&provider, GUARD),
            (source, CALLER),
            &Wanted::certificate(format!("https://keys.example/{name}")),
            Timestamp(ms),
        )
        .await
    };
    assert!(get("known".into(), "s", 0).await.is_ok());
    provider.says(answer(404, "", ""));
    for stranger in 0..500 {
        assert!(get(format!("stranger-{stranger}"), "s", 1).await.is_err());
    }
    assert_eq!(provider.asked(), 30);
    assert!(ring.slots.lock().unwrap().len() <= MOST);
    assert!(get("known".into(), "s", 1).await.is_ok(), "what holds nothing is forgotten first");
    provider.says(answer(200, "", RSA.certificate.as_str()));
    assert!(get("new".into(), "s", 2).await.is_err());
    assert!(get("new".into(), "s", MINUTE).await.is_ok(), "later there is room again");
    assert!(get("other".into(), "t", 2).await.is_ok(), "another source has its own");
    let before = provider.asked();
    assert!(get("known".into(), "s", 6 * MINUTE).await.is_ok());
    assert_eq!(provider.asked(), before + 1, "what was there is fetched again all the same");
}

#[tokio::test]
async fn nothing_is_asked_that_the_guard_forbids_and_nothing_long_is_read() {
    let (ring, provider) = (Keyring::default(), Provider::saying(answer(200, "", keys(&["a"]))));
    for url in [
        "http://id.example/",
        "https://127.0.0.1/",
        "https://localhost/",
        "https://169.254.169.254/",
        "https://[::1]/",
        "x",
    ] {
        let failed = ring.get((&provider, GUARD), ("s", CALLER), &Wanted::keys(url, None), Timestamp(0)).await;
        assert!(failed.unwrap_err().0.starts_with("its address "), "{url}");
    }
    assert_eq!(provider.asked(), 0);
    let question = crate::secret::Secret::new("{}");
    let asking = Wanted { question: Some(question), ..Wanted::keys("https://id.example/keys", None) };
    assert!(ring.get((&provider, GUARD), ("s", CALLER), &asking, Timestamp(0)).await.is_ok());
    assert!(ring.get((&provider, GUARD), ("s", CALLER), &wanted("a"), Timestamp(0)).await.is_ok());
    let asked = provider.asked.lock().unwrap().clone();
    let shapes: Vec<_> = asked.iter().map(|one| (one.method.clone(), one.body.len(), one.keep, one.timeout)).collect();
    assert_eq!(shapes, [(Method::POST, 2, LONGEST + 1, PATIENCE), (Method::GET, 0, LONGEST + 1, PATIENCE)]);
    assert!(asked.iter().all(|one| one.tenant.is_empty() && one.identity.is_none()));
    let mut long = keys(&["a"]).to_string();
    long.push_str(&" ".repeat(LONGEST));
    let (ring, provider) = (Keyring::default(), Provider::saying(answer(200, "", long)));
    assert_eq!(has(&ring, &provider, "a", 0).await, Err(NotFetched("the answer is longer than 262144 bytes".into())));
}
