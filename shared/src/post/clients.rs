//! One pool of connections for each endpoint of each tenant, and a bound on how many pools.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::connector::Connector;
use super::wire::{Dial, Resolve};
use crate::identity::Identity;

type Pool<R, D> = legacy::Client<Connector<R, D>, Full<Bytes>>;

/// Requests of one endpoint.
pub(super) struct Client<R, D> {
    /// Over kept connections.
    pub(super) pooled: Pool<R, D>,
    connector: Connector<R, D>,
    /// Whose connections they are: of whom, to whom.
    identity: Option<[u8; 32]>,
}

/// Endpoints whose connections are kept; beyond, those least recently used lose theirs.
const ENDPOINTS: usize = 512;

/// Connections kept idle for an endpoint.
const IDLE: usize = 64;

/// Shorter than the minute after which receivers and Lambda's network drop idle connections.
const IDLE_TIME: Duration = Duration::from_secs(50);

/// A response's head may have as much; of headers, 100 (hyper's own limit).
const HEAD: usize = 64 << 10;

/// What one HTTP/2 stream, and one connection, may send before it is read.
const WINDOWS: (u32, u32) = (64 << 10, 1 << 20);

/// An HTTP/2 connection that is silent for so long while somebody waits is asked for a sign of life,
/// and has as long to give it.
const SILENCE: Duration = Duration::from_secs(5);

pub(super) struct Clients<R, D> {
    connector: Connector<R, D>,
    open: Mutex<Open<R, D>>,
}

struct Open<R, D> {
    /// By tenant and endpoint.
    clients: HashMap<(String, String), Used<R, D>>,
    turn: u64,
}

struct Used<R, D> {
    client: Arc<Client<R, D>>,
    /// The turn of its last use.
    last: u64,
}

impl<R: Resolve, D: Dial> Clients<R, D> {
    pub(super) fn new(connector: Connector<R, D>) -> Self {
        Self { connector, open: Mutex::new(Open { clients: HashMap::new(), turn: 0 }) }
    }

    /// Where the identity is another than before, no connection of before is used any more.
    pub(super) fn of(&self, tenant: String, endpoint: String, identity: Option<&Identity>) -> Arc<Client<R, D>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.turn += 1;
        let (key, turn) = ((tenant, endpoint), open.turn);
        let digest = identity.map(|identity| identity.digest);
        if let Some(used) = open.clients.get_mut(&key).filter(|used| used.client.identity == digest) {
            used.last = turn;
            return Arc::clone(&used.client);
        }
        if open.clients.len() >= ENDPOINTS && !open.clients.contains_key(&key) {
            open.drop_oldest();
        }
        let connector = identity.map_or_else(|| self.connector.clone(), |identity| self.connector.with(identity));
        let client = Arc::new(Client { pooled: built(connector.clone(), IDLE), connector, identity: digest });
        open.clients.insert(key, Used { client: Arc::clone(&client), last: turn });
        client
    }
}

impl<R: Resolve, D: Dial> Client<R, D> {
    /// Makes a connection of its own for each request.
    pub(super) fn unpooled(&self) -> Pool<R, D> {
        built(self.connector.clone(), 0)
    }
}

impl<R, D> Open<R, D> {
    /// Requests under way there go on; their connections close after them.
    fn drop_oldest(&mut self) {
        let oldest = self.clients.iter().min_by_key(|(_, used)| used.last).map(|(key, _)| key.clone());
        oldest.and_then(|key| self.clients.remove(&key));
    }
}

fn built<R: Resolve, D: Dial>(connector: Connector<R, D>, idle: usize) -> Pool<R, D> {
    legacy::Client::builder(TokioExecutor::new())
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE_TIME)
        .pool_max_idle_per_host(idle)
        .retry_canceled_requests(true)
        .http1_max_buf_size(HEAD)
        .http1_ignore_invalid_headers_in_responses(true)
        .http2_max_header_list_size(HEAD as u32)
        .http2_initial_stream_window_size(WINDOWS.0)
        .http2_initial_connection_window_size(WINDOWS.1)
        .http2_keep_alive_interval(SILENCE)
        .http2_keep_alive_timeout(SILENCE)
        .build(connector)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::Guard;
    use crate::post::{Dns, Tcp, Trust};

    #[test]
    fn the_endpoints_least_recently_used_lose_their_pools() {
        let connector = Connector::new(Guard::default(), Dns::default(), Tcp, Trust::Only(Vec::new()));
        let clients = Clients::new(connector.expect("no roots to read"));
        let of = |endpoint: &str| clients.of("t".into(), endpoint.into(), None);
        let (first, second) = (of("first"), of("second"));
        for filler in 0..ENDPOINTS - 2 {
            of(&filler.to_string());
        }
        assert!(Arc::ptr_eq(&first, &of("first")));
        of("one more");
        assert!(Arc::ptr_eq(&first, &of("first")) && !Arc::ptr_eq(&second, &of("second")));
        assert_eq!(clients.open.lock().expect("a lock").clients.len(), ENDPOINTS);
    }
}
