//! Claimed → shaped: the e-mail that people read.

use std::sync::LazyLock;

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, context};
use serde::Serialize;

use super::claim::Work;
use super::pretty;
use super::webhook::Webhook;
use crate::schemes::Proof;
use crate::seam::{Attachment, Email};

/// A body is shown up to here and attached when it is longer: mail readers cut long mails.
const SHOWN: usize = 32 << 10;

/// Headers that tell a reader nothing.
const NOISE: [&str; 12] = [
    "accept",
    "accept-encoding",
    "accept-language",
    "connection",
    "content-length",
    "expect",
    "host",
    "priority",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

pub(super) static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    let mut templates = Environment::new();
    templates.set_syntax(syntax.expect("the syntax is minijinja's own"));
    for (name, source) in [
        ("mail.txt", include_str!("templates/mail.txt")),
        ("mail.html", include_str!("templates/mail.html")),
        ("letter.txt", include_str!("templates/letter.txt")),
        ("letter.html", include_str!("templates/letter.html")),
    ] {
        templates.add_template(name, source).expect("a template in the program is well-formed");
    }
    templates
});

/// What the templates show.
#[derive(Serialize)]
struct View<'a> {
    source: &'a str,
    event: Option<String>,
    proof: &'static str,
    scheme: String,
    id: String,
    delivery: Option<String>,
    received: String,
    caller: String,
    method: &'a str,
    query: Option<String>,
    headers: Vec<(&'a str, String)>,
    size: usize,
    body: String,
    note: &'static str,
}

pub(super) fn shape(work: &Work) -> Email {
    let webhook = &work.webhook;
    let event = work.event.as_deref().map(|event| one_line(event, 80)).filter(|event| !event.is_empty());
    let subject = format!("{}: {} {}", webhook.source(), event.as_deref().unwrap_or("webhook"), webhook.id().short());
    let content_type = if webhook.method() == "GET" {
        "application/x-www-form-urlencoded"
    } else {
        webhook.content_type().unwrap_or_default()
    };
    let pretty = pretty::pretty(webhook.body(), content_type, SHOWN);
    let (body, note) = match pretty {
        Some(pretty) if pretty.whole => (pretty.text, ""),
        Some(pretty) => (pretty.text, "The body is longer; all of it is attached."),
        None => (String::new(), "The body is not UTF-8 text; it is attached."),
    };
    let attachment = (!note.is_empty()).then(|| attachment(webhook, content_type));
    let view = view(work, event, body, note);
    let [text, html] = ["mail.txt", "mail.html"].map(|name| render(name, &view));
    Email { id: webhook.id(), date: webhook.received(), to: work.source.email.clone(), subject, text, html, attachment }
}

fn view<'a>(work: &'a Work, event: Option<String>, body: String, note: &'static str) -> View<'a> {
    let webhook = &work.webhook;
    let headers = webhook.headers().iter().filter(|(name, _)| !NOISE.contains(&name.as_str()));
    View {
        source: webhook.source(),
        event,
        proof: match webhook.proof() {
            Proof::Signed => "Signed: the body is as the sender made it",
            Proof::Authenticated => "Authenticated: the sender is known; the body is not signed",
        },
        scheme: work.source.verifier.title(&webhook.by()),
        id: webhook.id().to_string(),
        delivery: work.delivery.as_deref().map(|id| one_line(id, 200)),
        received: webhook.received().to_string(),
        caller: webhook.caller().to_string(),
        method: webhook.method(),
        query: webhook.query().filter(|_| webhook.method() != "GET").map(|query| one_line(query, 2_000)),
        headers: headers.map(|(name, value)| (name.as_str(), one_line(value, 500))).collect(),
        size: webhook.body().len(),
        body,
        note,
    }
}

fn render(name: &str, view: &View<'_>) -> String {
    let rendered = TEMPLATES
        .get_template(name)
        .and_then(|template| template.render(context! { w => minijinja::value::Serde(view) }));
    rendered.unwrap_or_else(|problem| format!("This mail could not be laid out: {problem}"))
}

/// A name and type of our own choosing, so that no sender decides what a reader's machine opens.
fn attachment(webhook: &Webhook, content_type: &str) -> Attachment {
    let media = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let (name, content_type) = match media.as_str() {
        json if json.ends_with("json") => ("payload.json", "application/json"),
        xml if xml.ends_with("xml") => ("payload.xml", "application/xml"),
        text if text.starts_with("text/") || text.ends_with("urlencoded") => ("payload.txt", "text/plain"),
        _ => ("payload.bin", "application/octet-stream"),
    };
    Attachment { name, content_type, bytes: webhook.body().clone() }
}

/// A text on one line of at most `most` characters, without what controls, hides or turns text
/// around, and without the start of an encoded word (RFC 2047), which a reader would decode.
pub(super) fn one_line(text: &str, most: usize) -> String {
    let clean = text.chars().map(|c| if c.is_control() || is_hidden(c) { ' ' } else { c });
    let line: String = clean.take(most + 1).collect();
    let (line, end) = match line.char_indices().nth(most) {
        Some((end, _)) => (&line[..end], "…"),
        None => (&*line, ""),
    };
    format!("{}{end}", line.replace("=?", "= ?").trim())
}

fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use bytes::Bytes;
    use proptest::prelude::*;

    use super::super::settle::Job;
    use super::super::webhook::tests::webhook;
    use super::*;
    use crate::seam::{ClaimKey, Lease, Leased, Receipt};
    use crate::source::test_source;
    use crate::timestamp::Timestamp;

    fn shaped(event: Option<&str>, headers: &[(&str, &str)], body: &[u8]) -> Email {
        let webhook = webhook(headers, body);
        let id = webhook.id();
        shape(&Work {
            source: Arc::new(test_source("s")),
            webhook,
            event: event.map(str::to_owned),
            delivery: None,
            job: Job {
                about: "s".into(),
                lease: Lease { key: ClaimKey(String::new()), id, until: Timestamp(0), tries: 0, refused_since: None },
                window: Duration::ZERO,
                leased: Leased { id, due: Timestamp(0), message: Bytes::new(), receipt: Receipt::default() },
                recipients: 0,
            },
        })
    }

    #[test]
    fn a_mail_says_what_came_and_how_it_was_proved() {
        let email = shaped(Some("push"), &[("content-type", "application/json"), ("host", "x")], br#"{"a":"<b>"}"#);
        assert_eq!(email.subject, "test: push 07070707");
        assert!(email.text.contains("Signed: the body is as the sender made it"), "{}", email.text);
        assert!(email.text.contains("\"a\": \"<b>\""), "{}", email.text);
        assert!(email.html.contains("&#34;a&#34;") || email.html.contains("&quot;a&quot;"), "{}", email.html);
        assert!(email.html.contains("&lt;b&gt;"), "{}", email.html);
        assert!(!email.text.contains("host:"), "{}", email.text);
        assert_eq!(email.attachment, None);
    }

    #[test]
    fn what_cannot_be_shown_whole_is_attached_whole() {
        let long = format!("\"{}\"", "x".repeat(40_000));
        let email = shaped(None, &[("content-type", "application/vnd.x+json")], long.as_bytes());
        let attachment = email.attachment.unwrap();
        assert_eq!((attachment.name, attachment.bytes), ("payload.json", Bytes::from(long)));
        let email = shaped(None, &[("content-type", "../../evil.exe")], b"\xff\x00");
        let attachment = email.attachment.unwrap();
        assert_eq!((attachment.name, attachment.content_type), ("payload.bin", "application/octet-stream"));
    }

    proptest! {
        #[test]
        fn no_event_breaks_out_of_the_subject(event in "(?s).*", body: Vec<u8>) {
            let email = shaped(Some(&event), &[("x-a", &event)], &body);
            let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
            prop_assert!(!email.subject.chars().any(breaks));
            prop_assert!(email.subject.chars().count() <= 140 && !email.subject.contains("=?"));
        }
    }
}
