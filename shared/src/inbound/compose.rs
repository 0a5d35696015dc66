//! Letter → composed: news of an endpoint as a person reads them, the owner's and the receiver's.

use std::time::Duration;

use minijinja::context;
use serde::Serialize;

use super::fence::{HOUR, MOST_LETTERS};
use super::shape::{TEMPLATES, one_line};
use crate::address::EmailAddress;
use crate::endpoint::DEFAULT_TENANT;
use crate::id::WebhookId;
use crate::letter::{Letter, Reader};
use crate::seam::{DISABLED_AFTER, Email, LastAnswer, MOST_COUNTED, News, What};
use crate::timestamp::Timestamp;

/// What the templates lay out.
#[derive(Default, Serialize)]
struct Sheet {
    title: String,
    lead: Vec<String>,
    facts: Vec<(String, String)>,
    answers: Vec<(String, String)>,
    next: Vec<String>,
    commands: Vec<(String, String)>,
}

pub(super) fn compose(letter: &Letter, id: WebhookId, to: Vec<EmailAddress>) -> Email {
    let news = &letter.news;
    let mut sheet = match letter.to {
        Reader::Owner => for_owner(news),
        Reader::Contact => for_contact(news),
    };
    sheet.facts.extend(facts(letter));
    sheet.answers = news.answers.iter().map(|answer| (answer.at.to_string(), said(answer))).collect();
    email(sheet, id, news.at, to)
}

/// In place of the first letter that is over the limit.
pub(super) fn compose_more(letter: &Letter, id: WebhookId, to: Vec<EmailAddress>, now: Timestamp) -> Email {
    let ends = Timestamp((now.seconds() / HOUR.as_secs() + 1) * HOUR.as_secs() * 1_000);
    let is_owner = letter.to == Reader::Owner;
    let headline = if is_owner { for_owner(&letter.news).title } else { for_contact(&letter.news).title };
    let until = format!("You got {MOST_LETTERS} mails about endpoints this hour. No more are sent until {ends}.");
    let mut sheet = Sheet {
        title: "More news of endpoints than are mailed".into(),
        lead: vec![format!("There is more. The latest: {headline}."), until],
        ..Sheet::default()
    };
    if is_owner {
        sheet.commands = vec![("How all endpoints are".into(), "hookpost endpoints list".into())];
        sheet.commands.extend(tenant(&letter.news).map(|tenant| {
            let command = format!("hookpost endpoints list{tenant}");
            ("Those of the tenant that the latest is about".to_owned(), command)
        }));
    } else {
        sheet.next = vec!["Whoever sends you these webhooks can tell which of your endpoints are concerned.".into()];
    }
    email(sheet, id, letter.news.at, to)
}

fn for_owner(news: &News) -> Sheet {
    let (name, since) = (&news.endpoint, news.since);
    let command =
        |what: &str, words: String| (what.to_owned(), format!("hookpost {words}{}", tenant(news).unwrap_or_default()));
    let retry_held = || command("Send what is held", format!("retry --endpoint {name} --held"));
    let retry_failed = || {
        let words = format!("retry --endpoint {name} --failed --since {since}");
        command("Send again what was given up since", words)
    };
    let enable = |what: &str| command(what, format!("endpoints enable {name}"));
    match &news.what {
        What::Failing => Sheet {
            title: format!("{name} has been failing for {}", span(news.at.since(since))),
            lead: vec![format!("Nothing has arrived there since {since}: every attempt failed.")],
            next: vec![
                "Each delivery is tried again by its schedule.".into(),
                format!("If it goes on failing, the endpoint is disabled at {}. Nothing more is sent to it then, and what is for it is held until you enable it.", since.after(DISABLED_AFTER)),
                "You get a mail when that happens, and when the endpoint works again.".into(),
            ],
            commands: vec![
                command("What was tried", format!("deliveries --endpoint {name}")),
                command("Hold what is for it now", format!("endpoints disable {name}")),
                enable("Put it back into use afterwards"),
                retry_held(),
                retry_failed(),
            ],
            ..Sheet::default()
        },
        What::Disabled { reason } => Sheet {
            title: format!("{name} is disabled: {}", one_line(reason, 100)),
            lead: vec![format!("Nothing more is sent there since {since}. What is for it is held.")],
            next: vec![
                "It stays so until you enable it. What is held is kept as long as its event, and is sent when you ask for it.".into(),
                "You get a mail when the endpoint works again.".into(),
            ],
            commands: vec![enable("Put it back into use"), retry_held(), retry_failed()],
            ..Sheet::default()
        },
        What::Recovered | What::Exhausted { .. } => Sheet {
            title: format!("{name} works again"),
            lead: vec![format!("It took a webhook at {}. The trouble began at {since}.", news.at)],
            next: vec!["What comes from now on is sent as usual. What was held or given up is sent when you ask for it.".into()],
            commands: vec![retry_held(), retry_failed()],
            ..Sheet::default()
        },
    }
}

fn for_contact(news: &News) -> Sheet {
    let (since, host) = (news.since, host(&news.url));
    match &news.what {
        What::Failing => Sheet {
            title: format!("Webhooks to {host} have been failing for {}", span(news.at.since(since))),
            lead: vec![format!("We send webhooks to your endpoint. None has arrived since {since}: every attempt failed.")],
            next: vec![
                "A webhook has arrived when your endpoint answers it in time with a status that means success.".into(),
                format!("We go on trying. If nothing arrives until {}, we stop, and keep what is for you.", since.after(DISABLED_AFTER)),
            ],
            ..Sheet::default()
        },
        What::Disabled { reason } => Sheet {
            title: format!("Webhooks to {host} are stopped: {}", one_line(reason, 100)),
            lead: vec![format!("We send no more webhooks to your endpoint since {since}. What is for it is kept for a while.")],
            next: vec![
                "When your endpoint works, tell whoever sends you these webhooks: they put it back into use and send what was kept.".into(),
            ],
            ..Sheet::default()
        },
        What::Recovered | What::Exhausted { .. } => Sheet {
            title: format!("Webhooks to {host} arrive again"),
            lead: vec![format!("Your endpoint took a webhook at {}. The trouble began at {since}.", news.at)],
            next: vec!["There is nothing for you to do. If you miss webhooks, ask whoever sends them: what was kept can be sent.".into()],
            ..Sheet::default()
        },
    }
}

fn facts(letter: &Letter) -> Vec<(String, String)> {
    let news = &letter.news;
    let mut facts = vec![("Endpoint", news.endpoint.clone())];
    if letter.to == Reader::Owner && news.tenant != DEFAULT_TENANT {
        facts.push(("Tenant", news.tenant.clone()));
    }
    facts.push(("Address", one_line(&news.url, 2_048)));
    facts.push(("Since", news.since.to_string()));
    if let Some(held) = held(news.held) {
        facts.push(("Held", held));
    }
    facts.into_iter().map(|(name, value)| (format!("{name:<10}"), value)).collect()
}

fn held(count: u32) -> Option<String> {
    match count {
        0 => None,
        1 => Some("1 delivery".into()),
        MOST_COUNTED.. => Some("10,000 or more deliveries".into()),
        count if count >= 1_000 => Some(format!("{},{:03} deliveries", count / 1_000, count % 1_000)),
        count => Some(format!("{count} deliveries")),
    }
}

/// On one line, whatever it holds.
fn said(answer: &LastAnswer) -> String {
    let status = answer.status.map(|status| format!("status {status}"));
    let error = answer.error.as_deref().map(|error| one_line(error, 200));
    let response = answer.response.as_deref().map(|response| one_line(response, 200));
    [status, error, response].into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": ")
}

/// ` --tenant NAME` where one must be named.
fn tenant(news: &News) -> Option<String> {
    (news.tenant != DEFAULT_TENANT).then(|| format!(" --tenant {}", news.tenant))
}

fn host(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    one_line(rest.split(['/', '?', '#']).next().unwrap_or_default(), 100)
}

/// In hours, and in days from two on.
fn span(lasted: Duration) -> String {
    let hours = lasted.as_secs() / 3_600;
    match hours {
        0 | 1 => "1 hour".into(),
        2..48 => format!("{hours} hours"),
        _ => format!("{} days", hours / 24),
    }
}

fn email(sheet: Sheet, id: WebhookId, date: Timestamp, to: Vec<EmailAddress>) -> Email {
    let [text, html] = ["letter.txt", "letter.html"].map(|name| {
        let rendered = TEMPLATES
            .get_template(name)
            .and_then(|template| template.render(context! { l => minijinja::value::Serde(&sheet) }));
        rendered.unwrap_or_else(|problem| format!("This mail could not be laid out: {problem}"))
    });
    Email { id, date, to, subject: one_line(&sheet.title, 140), text, html, attachment: None }
}
