//! One token for all, and another when it is good no more.

use std::sync::atomic::AtomicUsize;

use bytes::Bytes;
use http::HeaderMap;
use serde_json::json;

use super::*;
use crate::config::{Config, Secrets, Spec};
use crate::guard::Guard;
use crate::seam::{Outgoing, Received};
use crate::timestamp::Timestamp;

/// An endpoint that wants tokens.
pub(super) fn endpoint() -> Endpoint {
    let oauth2 = json!({ "token_url": "https://id.example/token", "client_id": "us", "client_secret": "hush" });
    let endpoint = json!({ "url": "https://a.example/", "auth": { "oauth2": oauth2 } });
    let spec = Spec::read(&json!({ "endpoints": { "a": endpoint } }).to_string()).expect("as it was made");
    let config = Config::check(spec, Secrets::Sent { references: false }, Guard::default());
    Endpoint::clone(&config.map_err(|problem| problem.to_string()).expect("as it was made").endpoints[0])
}

/// Answers after a moment, with a token of the number of the request or with that status.
struct Server {
    asked: AtomicUsize,
    status: u16,
    wait: Duration,
}

impl Server {
    fn new(status: u16) -> Self {
        Self { asked: AtomicUsize::new(0), status, wait: Duration::from_millis(20) }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl SendWebhook for Server {
    async fn send_webhook(&self, _: Outgoing) -> Result<Received, NoAnswer> {
        let number = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        tokio::time::sleep(self.wait).await;
        let body = json!({ "access_token": format!("token-{number}"), "token_type": "bearer", "expires_in": 100 });
        Ok(Received { status: self.status, headers: HeaderMap::new(), body: Bytes::from(body.to_string()) })
    }
}

#[derive(Default)]
struct Hand(AtomicU64);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

fn written() -> Written {
    Written { body: Bytes::new(), content_type: None, query: None, headers: Vec::new() }
}

const LIMIT: Duration = Duration::from_secs(5);

async fn token(server: &Server, clock: &Hand, endpoint: &Endpoint, tokens: &Tokens) -> Result<String, String> {
    let written = written();
    let authorized = authorize((server, clock), (endpoint, tokens), &written, LIMIT).await;
    authorized
        .map(|found| found.token.expect("as it was made").expose().to_owned())
        .map_err(|problem| problem.to_string())
}

/// A hundred at once.
async fn crowd(server: &Arc<Server>, tokens: &Arc<Tokens>) -> Vec<Result<String, String>> {
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let (server, tokens) = (Arc::clone(server), Arc::clone(tokens));
        all.spawn(async move { token(&server, &Hand::default(), &endpoint(), &tokens).await });
    }
    all.join_all().await
}

#[tokio::test]
async fn a_hundred_who_want_a_token_ask_for_it_once() {
    let (server, tokens) = (Arc::new(Server::new(200)), Arc::default());
    assert_eq!(crowd(&server, &tokens).await, vec![Ok("token-1".to_owned()); 100]);
    assert_eq!(server.asked(), 1);
}

#[tokio::test]
async fn a_hundred_who_get_no_token_ask_for_it_once_and_the_next_asks_again() {
    let (server, tokens) = (Arc::new(Server::new(503)), Arc::default());
    let refused = Err("oauth2: the token endpoint answered 503".to_owned());
    assert_eq!(crowd(&server, &tokens).await, vec![refused.clone(); 100]);
    assert_eq!(server.asked(), 1);
    assert_eq!(token(&server, &Hand::default(), &endpoint(), &tokens).await, refused);
    assert_eq!(server.asked(), 2);
}

#[tokio::test]
async fn another_token_is_asked_for_shortly_before_the_end_and_when_it_was_forgotten() {
    let (server, clock, tokens, mut endpoint) = (Server::new(200), Hand::default(), Tokens::default(), endpoint());
    for (at, expected) in [(0, "token-1"), (69_999, "token-1"), (70_000, "token-2"), (70_001, "token-2")] {
        clock.0.store(at, Ordering::SeqCst);
        assert_eq!(token(&server, &clock, &endpoint, &tokens).await.as_deref(), Ok(expected), "{at}");
    }
    tokens.forget(&Secret::new("token-1")).await;
    assert_eq!(token(&server, &clock, &endpoint, &tokens).await.as_deref(), Ok("token-2"));
    tokens.forget(&Secret::new("token-2")).await;
    assert_eq!(token(&server, &clock, &endpoint, &tokens).await.as_deref(), Ok("token-3"));
    let other = OAuth2 {
        client_secret: Secret::new("hush-2"),
        ..OAuth2::clone(endpoint.oauth2.as_ref().expect("as it was made"))
    };
    endpoint.oauth2 = Some(Arc::new(other));
    assert_eq!(token(&server, &clock, &endpoint, &tokens).await.as_deref(), Ok("token-4"), "other settings");
    endpoint.oauth2 = None;
    assert!(
        authorize((&server, &clock), (&endpoint, &tokens), &written(), LIMIT)
            .await
            .expect("as it was made")
            .token
            .is_none()
    );
}

#[tokio::test]
async fn a_server_that_hangs_is_waited_for_no_longer_than_there_is_time() {
    let server = Server { wait: Duration::from_secs(3_600), ..Server::new(200) };
    let (clock, tokens, endpoint, written) = (Hand::default(), Tokens::default(), endpoint(), written());
    let limit = Duration::from_millis(50);
    let ask = || authorize((&server, &clock), (&endpoint, &tokens), &written, limit);
    let (one, other) = tokio::join!(ask(), ask());
    for found in [one, other] {
        assert_eq!(found.err().expect("as it was made").to_string(), "oauth2: timeout: no token within 50ms");
    }
}

/// Answers every lookup so, and notes whether anybody dialled.
#[cfg(feature = "post")]
mod guarded {
    use std::io;
    use std::net::{IpAddr, SocketAddr};

    use tokio::net::TcpStream;

    use super::*;
    use crate::post::{Dial, Post, Resolve, Trust};

    struct Inside;

    impl Resolve for Inside {
        async fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
            Ok(vec![IpAddr::from([93, 184, 216, 34]), IpAddr::from([169, 254, 169, 254])])
        }
    }

    #[derive(Clone, Default)]
    struct Dialler(Arc<AtomicUsize>);

    impl Dial for Dialler {
        async fn dial(&self, _: SocketAddr) -> io::Result<TcpStream> {
            self.0.fetch_add(1, Ordering::SeqCst);
            Err(io::ErrorKind::ConnectionRefused.into())
        }
    }

    #[tokio::test]
    async fn a_token_endpoint_whose_name_stands_for_an_inside_address_is_not_dialled() {
        let dialler = Dialler::default();
        let post =
            Post::with(Guard::default(), Inside, dialler.clone(), Trust::Only(Vec::new())).expect("as it was made");
        let (endpoint, tokens, written) = (endpoint(), Tokens::default(), written());
        let found = authorize((&post, &Hand::default()), (&endpoint, &tokens), &written, LIMIT).await;
        let words = found.err().expect("as it was made").to_string();
        assert!(words.starts_with("oauth2: forbidden: stands for"), "{words}");
        assert_eq!(dialler.0.load(Ordering::SeqCst), 0);
    }
}
