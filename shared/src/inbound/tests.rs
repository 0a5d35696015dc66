//! The listener whole, with a world that is played.

use std::sync::Mutex;

use http::{HeaderMap, Method};
use http_body_util::Full;

use super::*;
use crate::guard::Guard;
use crate::schemes::sns::tests::{message, now, sign, topic};
use crate::schemes::tests::keys::RSA;
use crate::seam::{NoAnswer, Outgoing, Received};
use crate::secret::Secret;
use crate::source::test_source;

/// One source, of SNS.
struct Alarms;

impl FindSource for Alarms {
    async fn find(&self, _: &str) -> Answer<Option<Arc<Source>>> {
        Ok(Some(Arc::new(Source { verifier: topic(), ..test_source("hush") })))
    }
}

impl LearnSecret for Alarms {
    async fn learn(&self, _: &str, _: &Secret, _: Timestamp) -> Answer<bool> {
        Ok(false)
    }
}

/// Counts what it is given.
#[derive(Default)]
struct Counted(Arc<Mutex<usize>>);

impl Enqueue for Counted {
    const INLINE: usize = usize::MAX;

    async fn enqueue(&self, _: WebhookId, _: Bytes, _: Timestamp) -> Answer<()> {
        *self.0.lock().unwrap() += 1;
        Ok(())
    }
}

impl PutBody for Counted {
    async fn put_body(&self, _: WebhookId, _: &Bytes) -> Answer<()> {
        Ok(())
    }
}

/// SNS's own host: the certificate, and links that are called.
#[derive(Clone, Default)]
struct Sns(Arc<Mutex<Vec<String>>>);

impl SendWebhook for Sns {
    async fn send_webhook(&self, outgoing: Outgoing) -> Result<Received, NoAnswer> {
        assert_eq!(outgoing.method, Method::GET);
        let url = outgoing.target.url().to_string();
        let body = if url.ends_with(".pem") { RSA.certificate.clone().into() } else { Bytes::new() };
        self.0.lock().unwrap().push(url);
        Ok(Received { status: 200, headers: HeaderMap::new(), body })
    }
}

#[tokio::test]
async fn a_subscription_to_a_topic_is_confirmed_and_what_comes_of_it_is_queued() {
    let (sns, queued) = (Sns::default(), Counted::default());
    let (asked, count) = (Arc::clone(&sns.0), Arc::clone(&queued.0));
    let listener = Listener::new(Alarms, queued, sns, Guard::default().with_sns());
    let post = async |body: Vec<u8>| {
        let arrival = Arrival { id: WebhookId::new(now(), [1; 10]), at: now(), caller: IpAddr::from([192, 0, 2, 1]) };
        let request = Request::post("/in/alarms").body(Full::new(Bytes::from(body))).unwrap();
        listener.receive("alarms", request, arrival).await.status()
    };
    let mut begun = message("SubscriptionConfirmation");
    let link = format!(
        "https://sns.us-west-2.amazonaws.com/?Action=ConfirmSubscription&TopicArn={}&Token=2336412f37",
        begun["TopicArn"].as_str().unwrap()
    );
    begun["SubscribeURL"] = link.clone().into();
    assert_eq!(post(sign(begun.clone())).await, StatusCode::OK);
    assert_eq!(asked.lock().unwrap().last(), Some(&link));
    assert_eq!(*count.lock().unwrap(), 0);
    begun["SubscribeURL"] = link.replace("amazonaws.com/", "amazonaws.com.evil.example/").into();
    assert_ne!(post(sign(begun)).await, StatusCode::OK);
    assert_eq!(post(sign(message("Notification"))).await, StatusCode::ACCEPTED);
    let forged = String::from_utf8(sign(message("Notification"))).unwrap().replace("22b80b92", "22b80b93");
    assert_eq!(post(forged.into_bytes()).await, StatusCode::UNAUTHORIZED);
    assert_eq!(*count.lock().unwrap(), 1);
    let asked = asked.lock().unwrap();
    assert_eq!(asked.len(), 2, "the certificate once, the link once: {asked:?}");
}
