//! Ports that fail when told to, and a mail server that remembers.

use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use shared::id::WebhookId;
use shared::seam::{
    Answer, Bury, Claim, ClaimKey, Claims, DeadLetter, Dequeue, Email, Enqueue, GetBody, Lease, Leased, PutBody,
    Refusal, SendEmail, Unavailable,
};
use shared::timestamp::Timestamp;
use tokio::sync::Notify;

/// What happens at the chosen call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    FailsBefore,
    FailsAfter,
    StopsBefore,
    StopsAfter,
}

/// Which call it is.
pub struct Plan {
    mode: Mode,
    at: usize,
    state: Mutex<State>,
    stop: Notify,
}

#[derive(Default)]
struct State {
    calls: usize,
    came: Option<&'static str>,
    works: bool,
}

impl Plan {
    pub fn new(mode: Mode, at: usize) -> Self {
        Self { mode, at, state: Mutex::default(), stop: Notify::new() }
    }

    /// From now on nothing fails.
    pub fn works_again(&self) {
        self.state.lock().unwrap().works = true;
    }

    /// The name of the call that was hit.
    pub fn came(&self) -> Option<&'static str> {
        self.state.lock().unwrap().came
    }

    pub fn calls(&self) -> usize {
        self.state.lock().unwrap().calls
    }

    /// Answers when the process is to die.
    pub async fn stopped(&self) {
        self.stop.notified().await;
    }

    fn hit(&self, name: &'static str) -> Option<Mode> {
        let mut state = self.state.lock().unwrap();
        if state.works {
            return None;
        }
        state.calls += 1;
        if state.calls != self.at {
            return None;
        }
        state.came = Some(name);
        Some(self.mode)
    }

    /// Makes a call, or what the plan says instead.
    async fn call<T, E>(
        &self,
        name: &'static str,
        failure: E,
        call: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        match self.hit(name) {
            None => call.await,
            Some(Mode::FailsBefore) => Err(failure),
            Some(Mode::FailsAfter) => call.await.and(Err(failure)),
            Some(Mode::StopsBefore) => self.die().await,
            Some(Mode::StopsAfter) => {
                drop(call.await);
                self.die().await
            }
        }
    }

    async fn die<T>(&self) -> T {
        self.stop.notify_one();
        std::future::pending().await
    }
}

/// A port whose calls the plan may hit.
#[derive(Clone)]
pub struct Faulty<P> {
    inner: P,
    plan: Arc<Plan>,
}

impl<P> Faulty<P> {
    pub fn new(inner: P, plan: &Arc<Plan>) -> Self {
        Self { inner, plan: Arc::clone(plan) }
    }

    pub fn inner(&self) -> &P {
        &self.inner
    }

    pub(super) async fn call<T>(&self, name: &'static str, call: impl Future<Output = Answer<T>>) -> Answer<T> {
        self.call_or(name, Unavailable("as planned".into()), call).await
    }

    pub(super) async fn call_or<T, E>(
        &self,
        name: &'static str,
        failure: E,
        call: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        self.plan.call(name, failure, call).await
    }
}

impl<P: Enqueue + Sync> Enqueue for Faulty<P> {
    const INLINE: usize = P::INLINE;

    async fn enqueue(&self, id: WebhookId, message: Bytes, due: Timestamp) -> Answer<()> {
        self.call("enqueue", self.inner.enqueue(id, message, due)).await
    }
}

impl<P: Dequeue + Sync> Dequeue for Faulty<P> {
    async fn lease(&self, most: usize, now: Timestamp, lease: Duration) -> Answer<Vec<Leased>> {
        self.call("lease", self.inner.lease(most, now, lease)).await
    }

    async fn hide(&self, leased: &Leased, due: Timestamp) -> Answer<()> {
        self.call("hide", self.inner.hide(leased, due)).await
    }

    async fn remove(&self, leased: &Leased) -> Answer<()> {
        self.call("remove", self.inner.remove(leased)).await
    }
}

impl<P: PutBody + Sync> PutBody for Faulty<P> {
    async fn put_body(&self, id: WebhookId, body: &Bytes) -> Answer<()> {
        self.call("put_body", self.inner.put_body(id, body)).await
    }
}

impl<P: GetBody + Sync> GetBody for Faulty<P> {
    async fn get_body(&self, id: WebhookId) -> Answer<Option<Bytes>> {
        self.call("get_body", self.inner.get_body(id)).await
    }
}

impl<P: Claims + Sync> Claims for Faulty<P> {
    async fn claim(&self, key: &ClaimKey, id: WebhookId, now: Timestamp, lease: Duration) -> Answer<Claim> {
        self.call("claim", self.inner.claim(key, id, now, lease)).await
    }

    async fn complete(&self, lease: &Lease, forget: Timestamp) -> Answer<()> {
        self.call("complete", self.inner.complete(lease, forget)).await
    }

    async fn refuse(&self, lease: &Lease, now: Timestamp, forget: Timestamp) -> Answer<()> {
        self.call("refuse", self.inner.refuse(lease, now, forget)).await
    }

    async fn give_up(&self, lease: &Lease, reason: &str, forget: Timestamp) -> Answer<()> {
        self.call("give_up", self.inner.give_up(lease, reason, forget)).await
    }
}

impl<P: Bury + Sync> Bury for Faulty<P> {
    async fn bury(&self, letter: &DeadLetter, leased: &Leased) -> Answer<()> {
        self.call("bury", self.inner.bury(letter, leased)).await
    }
}

impl<P: SendEmail + Sync> SendEmail for Faulty<P> {
    async fn send_email(&self, email: &Email) -> Result<(), Refusal> {
        let failure = Refusal::Later("as planned".into());
        self.plan.call("send_email", failure, self.inner.send_email(email)).await
    }
}

/// Recipients who remember what they got, behind a server with its own mind.
#[derive(Clone, Default)]
pub struct Outbox(Arc<Mutex<Mails>>);

#[derive(Default)]
struct Mails {
    taken: Vec<String>,
    refused_once: bool,
    takes_everything: bool,
}

impl Outbox {
    /// The delivery ids of what was mailed.
    pub fn mails(&self) -> Vec<String> {
        self.0.lock().unwrap().taken.clone()
    }

    pub fn takes_everything(&self) {
        self.0.lock().unwrap().takes_everything = true;
    }
}

impl SendEmail for Outbox {
    async fn send_email(&self, email: &Email) -> Result<(), Refusal> {
        let mut mails = self.0.lock().unwrap();
        let named = |name: &&str| email.text.contains(&format!("Delivery   {name}\n"));
        let delivery =
            ["plain", "refused-once", "big", "refused-for-good"].into_iter().find(named).expect("a delivery id");
        if delivery == "refused-for-good" && !mails.takes_everything {
            return Err(Refusal::Never("550 no".into()));
        }
        if delivery == "refused-once" && !std::mem::replace(&mut mails.refused_once, true) {
            return Err(Refusal::Later("451 not now".into()));
        }
        mails.taken.push(delivery.to_owned());
        Ok(())
    }
}
