//! `hookpost dead`: list, show and retry dead letters of a running server.

use std::io::Write;

use serde_json::Value;
use shared::id::WebhookId;
use shared::outside::Outside;

use crate::client::Server;
use crate::settings::{Order, Settings};
use crate::stop::Stop;

pub(crate) fn dead(settings: &Settings, order: Order) -> Result<(), Stop> {
    let server = Server::named(settings)?;
    match order {
        Order::List => list(&server),
        Order::Show { id } => show(&server, &id),
        Order::Retry { all: true, .. } => retry(&server, &all(&server)?),
        Order::Retry { ids, .. } => retry(&server, &ids),
    }
}

fn list(server: &Server) -> Result<(), Stop> {
    let letters = letters(server)?;
    if letters.is_empty() {
        return print("No dead letters.\n");
    }
    for letter in letters {
        let text = |key: &str| Outside(letter[key].as_str().unwrap_or("-")).to_string();
        print(&format!(
            "{}  {}  {}  tries {}  {}\n",
            text("id"),
            text("died"),
            text("source"),
            letter["tries"],
            text("reason")
        ))?;
    }
    Ok(())
}

fn show(server: &Server, id: &str) -> Result<(), Stop> {
    let letter = server.get(&format!("/api/v1/dead/{}", read(id)?))?;
    let pretty = serde_json::to_string_pretty(&letter).unwrap_or_default();
    print(&format!("{pretty}\n"))
}

fn retry(server: &Server, ids: &[String]) -> Result<(), Stop> {
    for id in ids {
        server.post(&format!("/api/v1/dead/{}/retry", read(id)?))?;
        print(&format!("{id}  back in the queue\n"))?;
    }
    Ok(())
}

fn all(server: &Server) -> Result<Vec<String>, Stop> {
    let ids = letters(server)?.into_iter();
    Ok(ids.filter_map(|letter| letter["id"].as_str().map(str::to_owned)).collect())
}

/// Every page of them.
fn letters(server: &Server) -> Result<Vec<Value>, Stop> {
    let (mut found, mut page) = (Vec::new(), "/api/v1/dead?limit=250".to_owned());
    loop {
        let mut answer = server.get(&page)?;
        if let Value::Array(letters) = answer["data"].take() {
            found.extend(letters);
        }
        let Some(last) = answer["iterator"].as_str().filter(|_| answer["done"] == false) else { return Ok(found) };
        page = format!("/api/v1/dead?limit=250&iterator={last}");
    }
}

/// An id as it can stand in an address.
fn read(id: &str) -> Result<WebhookId, Stop> {
    id.parse().map_err(|problem| Stop::Failed(format!("{}: {problem}", Outside(id))))
}

/// A reader that has gone away (`| head`) is no failure.
fn print(text: &str) -> Result<(), Stop> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(problem) if problem.kind() != std::io::ErrorKind::BrokenPipe => Err(Stop::Failed(problem.to_string())),
        _ => Ok(()),
    }
}
