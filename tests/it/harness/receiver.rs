//! An endpoint under the test's control: it remembers every request, and answers or misbehaves as it is told.

mod behaviour;
mod certificates;
mod connection;
mod hostile;
mod http2;
mod reply;
mod request;
mod serve;
mod state;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tempfile::NamedTempFile;

pub use behaviour::Behaviour;
pub use certificates::{Alpn, Certificate};
pub use reply::Reply;
pub use request::Request;
use serve::{Manner, Running};
use state::State;

/// An HTTP server on loopback, on a thread of its own.
pub struct Receiver {
    pub address: SocketAddr,
    manner: Arc<Manner>,
    state: Arc<State>,
    running: Mutex<Option<Running>>,
    authority: Option<NamedTempFile>,
}

impl Receiver {
    /// Answers 204 to everything.
    pub fn start() -> Self {
        Self::listening(Manner::Plain)
    }

    /// Answers the first requests from the script, in order, and then always the same.
    pub fn answering(script: Vec<Reply>, then: Reply) -> Self {
        let receiver = Self::start();
        receiver.script(script, then);
        receiver
    }

    /// Answers as that function says of each request.
    pub fn deciding(rule: impl FnMut(&Request) -> Reply + Send + 'static) -> Self {
        let receiver = Self::start();
        receiver.decide(rule);
        receiver
    }

    pub fn hostile(behaviour: Behaviour) -> Self {
        Self::listening(Manner::Hostile(behaviour))
    }

    /// Behind TLS, with such a certificate and such protocols. It answers 204 until it is told otherwise.
    pub fn tls(certificate: Certificate, alpn: Alpn) -> Self {
        Self::listening(Manner::Tls(certificates::acceptor(certificate, alpn), alpn))
    }

    fn listening(manner: Manner) -> Self {
        let (manner, state) = (Arc::new(manner), Arc::new(State::default()));
        let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let (address, running) = serve::listen(anywhere, Arc::clone(&manner), Arc::clone(&state));
        let authority = matches!(*manner, Manner::Tls(..)).then(certificates::authority_file);
        Self { address, manner, state, running: Mutex::new(Some(running)), authority }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.manner.scheme(), self.address)
    }

    /// The same place by its name, `localhost`.
    pub fn named_url(&self, path: &str) -> String {
        format!("{}://localhost:{}{path}", self.manner.scheme(), self.address.port())
    }

    /// The authority of every certificate here that is not self-signed, one for all receivers of the process:
    /// `SSL_CERT_FILE` for a program that shall trust it.
    pub fn ca_pem(&self) -> &Path {
        self.authority.as_ref().expect("a receiver behind TLS").path()
    }

    /// From now on everything is answered so.
    pub fn set(&self, reply: Reply) {
        self.decide(move |_| reply.clone());
    }

    /// From now on the next requests are answered from the script, and then always the same.
    pub fn script(&self, script: Vec<Reply>, then: Reply) {
        let mut script = script.into_iter();
        self.decide(move |_| script.next().unwrap_or_else(|| then.clone()));
    }

    /// From now on that function says what is answered.
    pub fn decide(&self, rule: impl FnMut(&Request) -> Reply + Send + 'static) {
        self.state.decide(Box::new(rule));
    }

    /// Every request so far, in the order of their last bytes.
    pub fn requests(&self) -> Vec<Request> {
        self.state.with_requests(<[Request]>::to_vec)
    }

    pub fn count(&self) -> usize {
        self.state.with_requests(<[Request]>::len)
    }

    /// Waits for at least so many requests; fails after half a minute.
    #[track_caller]
    pub fn wait_for(&self, count: usize) -> Vec<Request> {
        self.wait_at_most(Duration::from_secs(30), count)
    }

    #[track_caller]
    pub fn wait_at_most(&self, limit: Duration, count: usize) -> Vec<Request> {
        self.state.wait(limit, count);
        self.requests()
    }

    /// How often each `webhook-id` came.
    pub fn received_ids(&self) -> BTreeMap<String, usize> {
        self.state.with_requests(|requests| {
            let mut times = BTreeMap::new();
            for id in requests.iter().filter_map(|request| request.header("webhook-id")) {
                *times.entry(id.to_owned()).or_default() += 1;
            }
            times
        })
    }

    /// TCP connections so far.
    pub fn connections(&self) -> usize {
        self.state.accepted()
    }

    /// Of these, the ones that neither side has been seen to close.
    pub fn open_connections(&self) -> usize {
        self.state.open()
    }

    /// Bytes of answers that the kernel took, except those of a write under way: about 64 kB less, or a few
    /// megabytes more, than the caller read.
    pub fn sent(&self) -> u64 {
        self.state.sent()
    }

    /// Nobody listens any more, and every connection is closed.
    pub fn stop(&self) {
        if let Some(running) = self.running.lock().expect("a state").take() {
            running.stop();
        }
    }

    /// Somebody listens again, at the same address, and remembers.
    pub fn start_again(&self) {
        self.stop();
        let (_, running) = serve::listen(self.address, Arc::clone(&self.manner), Arc::clone(&self.state));
        *self.running.lock().expect("a state") = Some(running);
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        if let Some(running) = self.running.get_mut().ok().and_then(Option::take) {
            running.stop();
        }
    }
}
