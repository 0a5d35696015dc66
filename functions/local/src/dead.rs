//! `hookpost dead`: list, show and retry dead letters of a running server.

use clap::Subcommand;
use serde_json::Value;
use shared::id::WebhookId;
use shared::outside::Outside;

use crate::client::{Server, print};
use crate::pretty::pretty;
use crate::settings::Settings;
use crate::stop::Stop;

const NONE: &str = "No dead letters.\n";

#[derive(Subcommand)]
pub(crate) enum Order {
    /// List dead letters, latest first
    List,
    /// Show one: why it died, its headers and its body
    Show {
        /// The id of the dead letter
        id: String,
    },
    /// Put dead letters back into the queue
    Retry {
        /// The ids of the dead letters
        #[arg(required_unless_present = "all")]
        ids: Vec<String>,
        /// All of them
        #[arg(long, conflicts_with = "ids")]
        all: bool,
    },
}

pub(crate) fn dead(settings: &Settings, order: Order) -> Result<(), Stop> {
    let server = Server::named(settings)?;
    match order {
        Order::List => list(&server),
        Order::Show { id } => show(&server, &id),
        Order::Retry { all: true, .. } => match all(&server)? {
            ids if ids.is_empty() => print(NONE),
            ids => retry(&server, &ids),
        },
        Order::Retry { ids, .. } => retry(&server, &ids),
    }
}

fn list(server: &Server) -> Result<(), Stop> {
    let letters = letters(server)?;
    if letters.is_empty() {
        return print(NONE);
    }
    for letter in letters {
        let text = |key: &str| Outside(letter[key].as_str().unwrap_or("-")).to_string();
        print(&format!(
            "{}  {}  {}  tries {}  {}\n",
            text("id"),
            text("died"),
            text(if letter["source"].is_string() { "source" } else { "about" }),
            letter["tries"].as_u64().unwrap_or_default(),
            text("reason")
        ))?;
    }
    Ok(())
}

fn show(server: &Server, id: &str) -> Result<(), Stop> {
    let letter = server.get(&format!("/api/v1/dead/{}", read(id)?))?;
    print(&pretty(&letter))
}

/// One after the other: one that is gone does not keep the rest from being tried.
fn retry(server: &Server, ids: &[String]) -> Result<(), Stop> {
    let mut gone = Ok(());
    for id in ids {
        match server.post(&format!("/api/v1/dead/{}/retry", read(id)?)) {
            Ok(done) if done["id"] == **id => print(&format!("{id}  back in the queue\n"))?,
            Ok(_) => return Err(server.not_ours()),
            Err(Stop::Absent(problem)) => gone = Err(Stop::Absent(format!("{id}: {problem}"))),
            Err(other) => return Err(other),
        }
    }
    gone
}

fn all(server: &Server) -> Result<Vec<String>, Stop> {
    let ids = letters(server)?.into_iter();
    Ok(ids.filter_map(|letter| letter["id"].as_str().map(str::to_owned)).collect())
}

/// Every page of them.
fn letters(server: &Server) -> Result<Vec<Value>, Stop> {
    let (mut found, mut page) = (Vec::new(), "/api/v1/dead?limit=250".to_owned());
    let mut before: Option<WebhookId> = None;
    loop {
        let answer = server.get(&page)?;
        found.extend(answer["data"].as_array().ok_or_else(|| server.not_ours())?.iter().cloned());
        let last = answer["iterator"].as_str().filter(|_| answer["done"] == false).and_then(|id| id.parse().ok());
        // Each page is older than the one before, or it is no page of ours.
        let Some(last) = last.filter(|last| before.is_none_or(|before| *last < before)) else { return Ok(found) };
        before = Some(last);
        page = format!("/api/v1/dead?limit=250&iterator={last}");
    }
}

/// An id as it can stand in an address.
fn read(id: &str) -> Result<WebhookId, Stop> {
    id.parse().map_err(|problem| Stop::Failed(format!("{}: {problem}", Outside(id))))
}
