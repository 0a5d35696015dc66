//! News → told: a letter for whoever is to know, and an event for programs that asked for it.

use serde::Serialize;

use super::Sender;
use super::matching::Accepted;
use crate::endpoint::DEFAULT_TENANT;
use crate::event::{Data, Digested, Event, EventId, EventType};
use crate::letter::Letter;
use crate::seam::{Answer, Clock, Enqueue, FindEndpoints, KeepEvent, News, Tell, Unavailable, What};

/// Tells what happens to endpoints: letters go into the inbound queue, for the mailer.
pub struct Teller<F, K, C, Q> {
    pub sender: Sender<F, K, C>,
    pub letters: Q,
}

impl<F, K, C, Q> Tell for Teller<F, K, C, Q>
where
    F: FindEndpoints + Sync,
    K: KeepEvent + Sync,
    C: Clock + Sync,
    Q: Enqueue + Sync,
{
    async fn tell(&self, news: &News) -> Answer<()> {
        for letter in Letter::all(news) {
            self.letters.enqueue(letter.id(), letter.write(), news.at).await?;
        }
        // No event tells of an endpoint that takes such events: none can cause another.
        if news.is_operational {
            return Ok(());
        }
        self.emit(news, &news.tenant).await?;
        if news.tenant != DEFAULT_TENANT {
            self.emit(news, DEFAULT_TENANT).await?;
        }
        Ok(())
    }
}

impl<F, K, C, Q> Teller<F, K, C, Q>
where
    F: FindEndpoints + Sync,
    K: KeepEvent + Sync,
    C: Clock + Sync,
    Q: Sync,
{
    /// To the endpoints of that tenant that asked for it. Nothing is kept if there is none.
    async fn emit(&self, news: &News, tenant: &str) -> Answer<()> {
        let event = event(news, tenant)?;
        let recipients = self.sender.matching_operational(&event).await?;
        if recipients.is_empty() {
            return Ok(());
        }
        // Taken by another that bears its name, it cannot be told: an application cannot give such a name.
        if self.sender.keep(&event, &recipients).await? == Accepted::Taken {
            tracing::error!(id = %event.id, "another event was accepted under this id; it is not told");
        }
        Ok(())
    }
}

/// What an event about an endpoint says.
#[derive(Serialize)]
struct Said<'a> {
    endpoint: &'a str,
    tenant: &'a str,
    url: &'a str,
    since: String,
    at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    held: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<&'a EventId>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'a EventType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempts: Option<u32>,
    answers: Vec<Answered<'a>>,
}

#[derive(Serialize)]
struct Answered<'a> {
    at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response: Option<&'a str>,
}

fn said(news: &News) -> Said<'_> {
    let answers = news.answers.iter().map(|answer| Answered {
        at: answer.at.to_string(),
        status: answer.status,
        error: answer.error.as_deref(),
        response: answer.response.as_deref(),
    });
    let mut said = Said {
        endpoint: &news.endpoint,
        tenant: &news.tenant,
        url: &news.url,
        since: news.since.to_string(),
        at: news.at.to_string(),
        reason: None,
        held: Some(news.held),
        event: None,
        kind: None,
        attempts: None,
        answers: answers.collect(),
    };
    match &news.what {
        What::Failing | What::Recovered => {}
        What::Disabled { reason } => said.reason = Some(reason),
        What::Exhausted { event, kind, attempts } => {
            (said.event, said.kind, said.attempts, said.held) = (Some(event), Some(kind), Some(*attempts), None);
        }
    }
    said
}

fn event(news: &News, tenant: &str) -> Answer<Event> {
    let problem = |problem: String| Unavailable(format!("news that cannot be written: {problem}"));
    let kind: EventType = news.kind().parse().map_err(|why: crate::event::NotAnEventType| problem(why.to_string()))?;
    let data = serde_json::to_vec(&said(news)).map_err(|why| problem(why.to_string()))?;
    let digest = news.digest(tenant);
    Ok(Event {
        tenant: tenant.to_owned(),
        id: EventId::operational(&digest),
        kind,
        timestamp: news.at,
        received: news.at,
        channels: Vec::new(),
        data: Data::json(data),
        // Told again it may say more; it is the same event.
        digest: Digested(hex::encode(digest)),
        origin: None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::seam::LastAnswer;
    use crate::timestamp::Timestamp;

    fn news(what: What) -> News {
        let error = Some("timeout: none".to_owned());
        News {
            tenant: "acme".into(),
            endpoint: "shop".into(),
            url: "https://shop.example/".into(),
            what,
            since: Timestamp(1_700_000_000_000),
            at: Timestamp(1_700_003_600_000),
            answers: vec![LastAnswer { at: Timestamp(1_700_003_600_000), status: None, error, response: None }],
            held: 3,
            contact: None,
            is_operational: false,
        }
    }

    fn told(what: What) -> Value {
        serde_json::from_slice(&event(&news(what), "acme").unwrap().data.bytes).unwrap()
    }

    #[test]
    fn an_event_says_what_happened() {
        let expected = json!({
            "endpoint": "shop", "tenant": "acme", "url": "https://shop.example/", "since": "2023-11-14T22:13:20Z",
            "at": "2023-11-14T23:13:20Z", "held": 3,
            "answers": [{ "at": "2023-11-14T23:13:20Z", "error": "timeout: none" }],
        });
        assert_eq!(told(What::Failing), expected);
        assert_eq!(told(What::Disabled { reason: "gone".into() })["reason"], "gone");
        let (event, kind) = ("one".parse().unwrap(), "order.created".parse().unwrap());
        let exhausted = told(What::Exhausted { event, kind, attempts: 10 });
        assert_eq!((&exhausted["event"], &exhausted["type"]), (&json!("one"), &json!("order.created")));
        assert_eq!((&exhausted["attempts"], &exhausted["held"]), (&json!(10), &Value::Null));
    }

    #[test]
    fn told_again_later_it_is_the_same_event_and_another_in_each_tenant() {
        let (first, mut later) = (news(What::Failing), news(What::Failing));
        (later.at, later.held) = (Timestamp(1_700_007_200_000), 9);
        let [first, later] = [first, later].map(|news| event(&news, "acme").unwrap());
        assert_eq!((&first.id, &first.digest), (&later.id, &later.digest));
        assert!(first.id.is_operational() && first.id.as_str().parse() == Ok(first.id.clone()));
        assert_ne!(first.id, event(&news(What::Failing), "default").unwrap().id);
        assert_ne!(first.id, event(&news(What::Recovered), "acme").unwrap().id);
    }
}
