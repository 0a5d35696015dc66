//! How a provider wants a webhook answered that was taken, where our own 202 will not do.

use bytes::Bytes;
use http::StatusCode;

use super::replies;
use crate::reply::Reply;

/// Providers whose pages name 200 and nothing else, or that try again after any other answer.
const WANT_200: [&str; 15] = [
    "docusign",
    "flutterwave",
    "intercom",
    "line",
    "mailgun",
    "mailgun-routes",
    "mandrill",
    "meta",
    "monday",
    "paystack",
    "plivo",
    "quickbooks",
    "x",
    "xero",
    "zoom",
];

/// The answer to a webhook of that scheme that is queued; `None` for our own.
pub fn taken(scheme: &str) -> Option<Reply> {
    match scheme {
        // An empty document: to anything else that is no TwiML, Twilio plays an error to who called.
        // <https://www.twilio.com/docs/api/errors/12300>
        "twilio" => Some(replies::of(StatusCode::OK, Some("text/xml"), Bytes::from_static(TWIML))),
        // <https://docs.adyen.com/development-resources/webhooks/handle-webhook-events>
        "adyen" => Some(replies::text("[accepted]")),
        // <https://discord.com/developers/docs/events/webhook-events>
        "discord" => Some(replies::empty(StatusCode::NO_CONTENT)),
        scheme if WANT_200.contains(&scheme) => Some(replies::empty(StatusCode::OK)),
        _ => None,
    }
}

const TWIML: &[u8] = br#"<?xml version="1.0" encoding="UTF-8"?><Response/>"#;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schemes;

    #[test]
    fn every_name_is_a_schemes_and_every_answer_says_that_it_was_taken() {
        for name in WANT_200.into_iter().chain(["twilio", "adyen", "discord"]) {
            assert!(schemes::named(name).is_some(), "{name}");
            assert!(taken(name).is_some_and(|reply| reply.status().is_success()), "{name}");
        }
        assert!(taken("github").is_none());
    }
}
