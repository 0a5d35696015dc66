//! Amazon SNS: signed messages that a subscription begins or ends. One that begins is confirmed by a GET of
//! the link in it, if that is SNS's own and about the same topic; one that ended is not begun again.
//! <https://docs.aws.amazon.com/sns/latest/dg/http-subscription-confirmation-json.html>

use http::StatusCode;

use super::{Asked, Handshake, Outcome, PLAIN, When, read, replies};
use crate::schemes::sns::{self, Confirmation};
use crate::signature::Fault;

pub(super) const ALL: &[Handshake] = &[
    Handshake { name: "aws-sns", when: When::Proved, answer: begins, ..PLAIN },
    Handshake { name: "aws-sns", when: When::Proved, answer: ends, ..PLAIN },
];

const LINK: &str = "SubscribeURL in the body";

fn begins(asked: &Asked<'_>) -> Option<Result<Outcome, Fault>> {
    let confirmation = sns::confirmation(asked.request.body)?;
    if !is_own(&confirmation) {
        return Some(Err(Fault::NotAllowed(LINK.into())));
    }
    let url = confirmation.subscribe_url;
    Some(Ok(Outcome::Confirm { url, reply: replies::empty(StatusCode::OK) }))
}

fn ends(asked: &Asked<'_>) -> Option<Result<Outcome, Fault>> {
    let body = read::json(asked.request)?;
    let owner = "the topic's subscription of this source has ended; nothing comes any more";
    let ended = || Outcome::Tell { owner, reply: replies::empty(StatusCode::OK) };
    (body["Type"] == "UnsubscribeConfirmation").then(|| Ok(ended()))
}

/// Whether the link is `https://sns.REGION.amazonaws.com/?…`, or the same in China, and does nothing but
/// confirm what the message is about.
fn is_own(Confirmation { topic, token, subscribe_url }: &Confirmation) -> bool {
    let parts = subscribe_url.strip_prefix("https://").and_then(|rest| rest.split_once("/?"));
    let Some((_, query)) = parts.filter(|(host, _)| sns::is_host(host)) else { return false };
    if query.contains('#') {
        return false;
    }
    let says = |name: &str, expected: &str| {
        let mut values = form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| key == name);
        values.next().is_some_and(|(_, value)| value == expected) && values.next().is_none()
    };
    says("Action", "ConfirmSubscription") && says("TopicArn", topic) && says("Token", token)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_taken(url: &str) -> bool {
        let (topic, token) = ("arn:aws:sns:us-east-1:1:orders".to_owned(), "2336412f37".to_owned());
        is_own(&Confirmation { topic, token, subscribe_url: url.to_owned() })
    }

    #[test]
    fn only_snss_own_link_is_called_and_only_to_confirm_that_topic() {
        let query = "?Action=ConfirmSubscription&TopicArn=arn:aws:sns:us-east-1:1:orders&Token=2336412f37";
        for host in ["sns.us-east-1.amazonaws.com", "sns.cn-north-1.amazonaws.com.cn"] {
            assert!(is_taken(&format!("https://{host}/{query}")), "{host}");
        }
        for (was, is) in [
            ("https://", "http://"),
            ("sns.us", "sqs.us"),
            ("amazonaws.com/", "amazonaws.com.evil.example/"),
            ("amazonaws.com/", "amazonaws.com:8443/"),
            ("amazonaws.com/", "amazonaws.com@127.0.0.1/"),
            ("sns.us-east-1.amazonaws.com/", "127.0.0.1/"),
            ("sns.us-east-1.amazonaws.com/", "evil.example/sns.us-east-1.amazonaws.com/"),
            ("/?", "/x?"),
            ("ConfirmSubscription", "DeleteTopic"),
            ("1:orders", "2:orders"),
            ("2336412f37", "other"),
            ("&Token", "&Action=DeleteTopic&Token"),
            ("f37", "f37#"),
        ] {
            let url = format!("https://sns.us-east-1.amazonaws.com/{query}").replacen(was, is, 1);
            assert!(!is_taken(&url), "{url}");
        }
    }

    fn outcome(body: &str) -> Option<Result<Outcome, Fault>> {
        let (headers, settings) = (http::HeaderMap::new(), crate::schemes::Settings::default());
        let request = crate::schemes::Presented::of(&headers, body.as_bytes());
        let asked = Asked { request: &request, settings: &settings };
        ALL.iter().find_map(|handshake| (handshake.answer)(&asked))
    }

    #[test]
    fn a_subscription_is_confirmed_and_its_end_is_told() {
        let body = |kind: &str, host: &str| {
            let link = format!("https://{host}/?Action=ConfirmSubscription&TopicArn=arn:aws:sns:us-east-1:1:a&Token=t");
            let fields = serde_json::json!({
                "Type": kind, "TopicArn": "arn:aws:sns:us-east-1:1:a", "Token": "t", "SubscribeURL": link,
            });
            (fields.to_string(), link)
        };
        let (begun, link) = body("SubscriptionConfirmation", "sns.us-east-1.amazonaws.com");
        let Some(Ok(Outcome::Confirm { url, reply })) = outcome(&begun) else { panic!("not confirmed") };
        assert_eq!((url, reply.status()), (link, StatusCode::OK));
        let (forged, _) = body("SubscriptionConfirmation", "evil.example");
        assert!(matches!(outcome(&forged), Some(Err(Fault::NotAllowed(_)))));
        let (ended, _) = body("UnsubscribeConfirmation", "sns.us-east-1.amazonaws.com");
        let Some(Ok(Outcome::Tell { reply, .. })) = outcome(&ended) else { panic!("not told") };
        assert_eq!(reply.status(), StatusCode::OK);
        assert!(outcome(&body("Notification", "sns.us-east-1.amazonaws.com").0).is_none());
    }
}
