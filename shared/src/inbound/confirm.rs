//! A link that a provider wants called is called, past the guard: its handshake has said that it is its own.

use std::time::Duration;

use bytes::Bytes;
use http::header::USER_AGENT;
use http::{HeaderMap, Method};

use super::turn::Turned;
use crate::guard::Guard;
use crate::seam::{Outgoing, SendWebhook, US, Unavailable};

/// The listener has 20 s, of which AWS may take 15.
const PATIENCE: Duration = Duration::from_secs(4);

/// So much of an answer is read.
const LONGEST: usize = 64 << 10;

/// Who asked is told to come again unless it was answered 200.
pub(super) async fn confirm((post, guard): (&impl SendWebhook, Guard), url: &str) -> Result<(), Turned> {
    let failed = |why: String| Turned::ours(Unavailable(format!("a subscription was not confirmed: {why}")));
    let target = guard.target(url).map_err(|why| failed(format!("its address {why}")))?;
    let mut headers = HeaderMap::with_capacity(1);
    headers.insert(USER_AGENT, US);
    let outgoing = Outgoing {
        // No tenant and no endpoint has such a name.
        tenant: String::new(),
        endpoint: target.url().host_str().unwrap_or_default().to_owned(),
        method: Method::GET,
        target,
        query: None,
        headers,
        body: Bytes::new(),
        timeout: PATIENCE,
        identity: None,
        keep: LONGEST,
    };
    match post.send_webhook(outgoing).await {
        Ok(received) if received.status == 200 => Ok(()),
        Ok(received) => Err(failed(format!("the answer was {}", received.status))),
        Err(problem) => Err(failed(problem.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::reply::Refused;
    use crate::seam::{NoAnswer, Received, Trouble};

    /// SNS as it answers, and what it was asked.
    struct Sns(Option<u16>, Mutex<Vec<Outgoing>>);

    impl SendWebhook for Sns {
        async fn send_webhook(&self, outgoing: Outgoing) -> Result<Received, NoAnswer> {
            self.1.lock().unwrap().push(outgoing);
            let silent = NoAnswer { kind: Trouble::Timeout, words: "nobody there".into() };
            self.0.map(|status| Received { status, headers: HeaderMap::new(), body: Bytes::new() }).ok_or(silent)
        }
    }

    async fn confirmed(answer: Option<u16>, url: &str) -> (Option<Refused>, Vec<Outgoing>) {
        let sns = Sns(answer, Mutex::default());
        let outcome = confirm((&sns, Guard::default().with_sns()), url).await;
        (outcome.err().map(|turned| turned.refused), sns.1.into_inner().unwrap())
    }

    const URL: &str = "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&Token=1";

    #[tokio::test]
    async fn a_link_is_called_once_and_only_200_confirms_it() {
        let (refused, asked) = confirmed(Some(200), URL).await;
        assert_eq!((refused, asked.len()), (None, 1));
        assert_eq!((&asked[0].method, asked[0].target.url().as_str()), (&Method::GET, URL));
        for answer in [None, Some(302), Some(403), Some(500)] {
            let (refused, asked) = confirmed(answer, URL).await;
            assert!(matches!(refused, Some(Refused::Unavailable { .. })), "{answer:?}");
            assert_eq!(asked.len(), 1, "{answer:?}");
        }
    }

    #[tokio::test]
    async fn what_the_guard_holds_back_is_never_called() {
        for url in [
            "https://127.0.0.1/",
            "http://sns.us-east-1.amazonaws.com/",
            "https://[::1]/?a",
            "https://sqs.us-east-1.amazonaws.com/",
        ] {
            let (refused, asked) = confirmed(Some(200), url).await;
            assert!(matches!(refused, Some(Refused::Unavailable { .. })) && asked.is_empty(), "{url}");
        }
    }
}
