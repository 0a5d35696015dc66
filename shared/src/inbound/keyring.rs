//! The public keys of providers, kept: fetched past the guard, each once for all who wait for it.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method};
use tokio::time::timeout;

use crate::guard::Guard;
use crate::outside::Outside;
use crate::quantity::Rate;
use crate::schemes::{Form, Material, NotFetched, Wanted};
use crate::seam::{Outgoing, Received, SendWebhook, US};
use crate::timestamp::Timestamp;

use super::limit::Bucket;

/// For a fetch, the wait for another's included. The listener has 20 s, of which AWS may take 15.
const PATIENCE: Duration = Duration::from_secs(4);

/// No answer is longer.
const LONGEST: usize = 256 << 10;

/// How long what was fetched counts as new, whatever its provider says.
const FRESH: (Duration, Duration) = (Duration::from_secs(300), Duration::from_secs(86_400));

/// Where its provider says nothing.
const USUAL: Duration = Duration::from_secs(3_600);

/// So long what is no longer new is used if nothing newer is to be had.
const STALE: Duration = Duration::from_secs(86_400);

/// For a key that is not in a set, the set is fetched again no sooner.
const AGAIN: Duration = Duration::from_secs(300);

/// So long a failure is remembered.
const FAILED: Duration = Duration::from_secs(30);

/// Addresses of which something is kept.
const MOST: usize = 128;

/// How often one caller, who has proved nothing yet, can make us fetch for one source: what was never there,
/// and apart from that what was.
const FETCHES: Rate = Rate { per_second: 0.5, burst: 30.0 };

/// And all callers together.
const ALL_FETCHES: Rate = Rate { per_second: 5.0, burst: 300.0 };

/// For which source, whether for what was never there, and by whom, if not by all.
type Fetcher = (String, bool, Option<IpAddr>);

/// So many of those rates are kept.
const MOST_RATES: usize = 10_000;

#[derive(Default)]
pub(super) struct Keyring {
    slots: Mutex<HashMap<Name, Arc<Slot>>>,
    /// By source, and whether nothing was ever there.
    fetches: Mutex<HashMap<Fetcher, Bucket>>,
}

/// What is at one address, for one question.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Name(String, Form, Option<String>);

#[derive(Default)]
struct Slot {
    kept: Mutex<Kept>,
    /// Whoever fetches holds it.
    flight: tokio::sync::Mutex<()>,
}

#[derive(Clone, Default)]
struct Kept {
    material: Option<Arc<Material>>,
    fresh_until: Timestamp,
    fetched: Timestamp,
    used: Timestamp,
    /// Why nothing came, and when.
    failure: Option<(NotFetched, Timestamp)>,
}

/// What is to be done, as far as it is known without the network.
enum Now {
    Answer(Result<Arc<Material>, NotFetched>),
    Fetch,
}

impl Keyring {
    /// What is kept, or else fetched. No more than one fetch is under way for one address.
    pub(super) async fn get(
        &self,
        (post, guard): (&impl SendWebhook, Guard),
        (source, caller): (&str, IpAddr),
        wanted: &Wanted,
        now: Timestamp,
    ) -> Result<Arc<Material>, NotFetched> {
        let slot = self.slot(wanted, now);
        if let Now::Answer(answer) = slot.look(wanted, now) {
            return answer;
        }
        let fetch = async {
            let _alone = slot.flight.lock().await;
            if let Now::Answer(answer) = slot.look(wanted, now) {
                return answer;
            }
            if !self.may_fetch((source, caller), slot.is_new(), now) {
                return Err(NotFetched("keys that are not known here are asked for too often".into()));
            }
            let fetched = fetch(post, guard, wanted).await;
            if let Err(why) = &fetched {
                tracing::warn!(source, url = %Outside(&wanted.url), %why, "a provider's key was not fetched");
            }
            slot.keep(fetched, wanted, now)
        };
        let late = |_| slot.keep(Err(NotFetched(format!("no answer within {} s", PATIENCE.as_secs()))), wanted, now);
        timeout(PATIENCE, fetch).await.unwrap_or_else(late)
    }

    fn slot(&self, wanted: &Wanted, now: Timestamp) -> Arc<Slot> {
        let question = wanted.question.as_ref().map(|question| question.expose().to_owned());
        let name = Name(wanted.url.clone(), wanted.form, question);
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= MOST && !slots.contains_key(&name) {
            // What holds nothing first, then what was not used for longest.
            let oldest = slots.iter().min_by_key(|(_, slot)| slot.with(|kept| (kept.material.is_some(), kept.used)));
            let oldest = oldest.map(|(name, _)| name.clone());
            oldest.map(|name| slots.remove(&name));
        }
        let slot = Arc::clone(slots.entry(name).or_default());
        slot.with(|kept| kept.used = now);
        slot
    }

    /// Within what one caller may cause, and all of them: nobody uses up what others need.
    fn may_fetch(&self, (source, caller): (&str, IpAddr), is_new: bool, now: Timestamp) -> bool {
        let mut fetches = self.fetches.lock().unwrap_or_else(PoisonError::into_inner);
        if fetches.len() >= MOST_RATES {
            fetches.clear();
        }
        let mut take = |caller, rate| {
            let key = (source.to_owned(), is_new, caller);
            fetches.entry(key).or_insert_with(|| Bucket::full(rate, now)).take(now).is_ok()
        };
        take(Some(caller), FETCHES) && take(None, ALL_FETCHES)
    }
}

impl Slot {
    fn with<T>(&self, act: impl FnOnce(&mut Kept) -> T) -> T {
        act(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether nothing was ever fetched there.
    fn is_new(&self) -> bool {
        self.with(|kept| kept.material.is_none())
    }

    fn look(&self, wanted: &Wanted, now: Timestamp) -> Now {
        let kept = self.with(|kept| kept.clone());
        let failure = kept.failure.filter(|(_, at)| now < at.after(FAILED)).map(|(why, _)| why);
        match kept.material.filter(|_| now < kept.fresh_until.after(STALE)) {
            Some(material) if wanted.is_in(&material) => match now < kept.fresh_until || failure.is_some() {
                true => Now::Answer(Ok(material)),
                false => Now::Fetch,
            },
            Some(material) if now < kept.fetched.after(AGAIN) => Now::Answer(Ok(material)),
            _ => failure.map_or(Now::Fetch, |why| Now::Answer(Err(why))),
        }
    }

    /// What was there stays if nothing came.
    fn keep(
        &self,
        fetched: Result<(Material, Duration), NotFetched>,
        wanted: &Wanted,
        now: Timestamp,
    ) -> Result<Arc<Material>, NotFetched> {
        let why = match fetched {
            Ok((material, fresh)) => {
                let (material, fresh_until) = (Arc::new(material), now.after(fresh));
                self.with(|kept| {
                    let material = Some(Arc::clone(&material));
                    *kept = Kept { material, fresh_until, fetched: now, used: now, failure: None };
                });
                return Ok(material);
            }
            Err(why) => why,
        };
        self.with(|kept| kept.failure = Some((why.clone(), now)));
        match self.look(wanted, now) {
            Now::Answer(answer) => answer,
            Now::Fetch => Err(why),
        }
    }
}

async fn fetch(post: &impl SendWebhook, guard: Guard, wanted: &Wanted) -> Result<(Material, Duration), NotFetched> {
    let outgoing = request(guard, wanted)?;
    let received = post.send_webhook(outgoing).await.map_err(|problem| NotFetched(problem.to_string()))?;
    match received.status {
        200 => {}
        300..400 => return Err(NotFetched(format!("{}; redirects are not followed", received.status))),
        status => return Err(NotFetched(format!("the answer was {status}"))),
    }
    if received.body.len() > LONGEST {
        return Err(NotFetched(format!("the answer is longer than {LONGEST} bytes")));
    }
    Ok((wanted.read(&received.body)?, freshness(&received)))
}

fn request(guard: Guard, wanted: &Wanted) -> Result<Outgoing, NotFetched> {
    let target = guard.target(&wanted.url).map_err(|why| NotFetched(format!("its address {why}")))?;
    let mut headers = HeaderMap::with_capacity(3);
    headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
    headers.insert(USER_AGENT, US);
    if wanted.question.is_some() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    Ok(Outgoing {
        // No tenant and no endpoint has such a name: the connections are for keys alone.
        tenant: String::new(),
        endpoint: target.url().host_str().unwrap_or_default().to_owned(),
        method: if wanted.question.is_some() { Method::POST } else { Method::GET },
        target,
        query: None,
        headers,
        body: wanted.question.as_ref().map(|question| Bytes::from(question.expose().to_owned())).unwrap_or_default(),
        timeout: PATIENCE,
        identity: None,
        keep: LONGEST + 1,
    })
}

/// How long it counts as new, as its provider says, within bounds.
fn freshness(received: &Received) -> Duration {
    let said = received.headers.get_all(CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    let words: Vec<_> = said.flat_map(|value| value.split(',')).map(|word| word.trim().to_ascii_lowercase()).collect();
    if words.iter().any(|word| word == "no-store" || word == "no-cache") {
        return FRESH.0;
    }
    let seconds = words.iter().find_map(|word| word.strip_prefix("max-age=")?.trim_matches('"').parse().ok());
    seconds.map_or(USUAL, Duration::from_secs).clamp(FRESH.0, FRESH.1)
}

#[cfg(test)]
mod tests;
