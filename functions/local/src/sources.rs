//! `hookpost sources`: how each proves itself, and the secrets that providers hand over.

use std::time::Duration;

use clap::Subcommand;
use serde_json::{Value, json};
use shared::nearest::hint;
use shared::outside::Outside;
use shared::quantity;

use crate::client::{Server, print};
use crate::history::step;
use crate::settings::Settings;
use crate::stop::Stop;
use crate::table::{Row, table};

/// No door is left open for longer.
const LONGEST: Duration = Duration::from_secs(7 * 86_400);

#[derive(Subcommand)]
pub(crate) enum Sources {
    /// List sources and how each proves itself
    List,
    /// Let the provider hand over its secret: the next one that comes is taken
    Wait {
        /// The source
        name: String,
        /// For how long, like 10m; an hour if it is not said
        #[arg(long = "for", value_name = "SPAN")]
        span: Option<String>,
    },
    /// Show the secret that was handed over
    Secret {
        /// The source
        name: String,
    },
    /// Forget the secret that was handed over
    Forget {
        /// The source
        name: String,
    },
}

pub(crate) fn sources(settings: &Settings, order: Sources) -> Result<(), Stop> {
    let server = Server::named(settings)?;
    match order {
        Sources::List => list(&server),
        Sources::Wait { name, span } => wait(&server, &name, span.as_deref()),
        Sources::Secret { name } => secret(&server, &name),
        Sources::Forget { name } => forget(&server, &name),
    }
}

fn path(name: &str) -> String {
    format!("/api/v1/sources/{}", step(name))
}

fn wait(server: &Server, name: &str, span: Option<&str>) -> Result<(), Stop> {
    let is_fit = |span: &str| quantity::duration(span).is_some_and(|span| !span.is_zero() && span <= LONGEST);
    if let Some(span) = span.filter(|span| !is_fit(span)) {
        let problem = format!("\"{}\" is not a span up to 7d; write 10m or 1h", Outside(span));
        return Err(Stop::setting("--for", problem));
    }
    let order = span.map_or_else(|| json!({}), |span| json!({ "for": span }));
    let answer = server.post_json(&format!("{}/wait", path(name)), order.to_string());
    let source = answer.map_err(|stop| absent(server, name, stop))?;
    print(&format!("{} {}\n", text(&source, "name"), state(&source)))
}

fn secret(server: &Server, name: &str) -> Result<(), Stop> {
    let answer = match server.get(&format!("{}/secret", path(name))) {
        // The source is there: what is not is its secret.
        Err(stop @ Stop::Absent(_)) => {
            let source = server.get(&path(name)).map_err(|_| absent(server, name, stop))?;
            return Err(Stop::Absent(format!("none was handed over: {} {}", text(&source, "name"), state(&source))));
        }
        answer => answer?,
    };
    let secret = answer["secret"].as_str().ok_or_else(|| server.not_ours())?;
    print(&format!("{}\n", Outside(secret)))
}

fn forget(server: &Server, name: &str) -> Result<(), Stop> {
    let source = server.get(&path(name));
    let was = source.as_ref().ok().and_then(|source| source["secret"].as_str());
    match (server.delete(&format!("{}/secret", path(name))), was) {
        (Ok(_), Some("awaited")) => print("No secret had been handed over; none is waited for any more.\n"),
        (Ok(_), Some("handed_over") | None) => {
            print("Forgotten. Nothing that is signed with it is taken after 30 s.\n")
        }
        (Ok(_) | Err(Stop::Absent(_)), Some(_)) => {
            Err(Stop::Absent(format!("nothing to forget: no secret was handed over to {}", Outside(name))))
        }
        (Err(stop), _) => Err(absent(server, name, stop)),
    }
}

/// A source that is not there is perhaps called otherwise.
fn absent(server: &Server, name: &str, stop: Stop) -> Stop {
    let Stop::Absent(_) = stop else { return stop };
    let Ok(answer) = server.get("/api/v1/sources") else { return stop };
    let names: Vec<_> = answer["data"].as_array().into_iter().flatten().filter_map(|it| it["name"].as_str()).collect();
    if names.contains(&name) {
        return stop;
    }
    let hint = Outside(&hint(name, &names)).to_string();
    Stop::Absent(format!("there is no source \"{}\"{hint} hookpost sources list shows them", Outside(name)))
}

fn list(server: &Server) -> Result<(), Stop> {
    let answer = server.get("/api/v1/sources")?;
    let all = answer["data"].as_array().ok_or_else(|| server.not_ours())?;
    if all.is_empty() {
        return print("No sources.\n");
    }
    let rows: Vec<_> = all.iter().map(row).collect();
    print(&table(&["NAME", "SCHEME", "PROVES", "SECRET"], &rows))
}

fn row(source: &Value) -> Row<4> {
    Row([text(source, "name"), text(source, "asks"), text(source, "proof"), state(source)])
}

fn text(source: &Value, key: &str) -> String {
    Outside(source[key].as_str().unwrap_or("-")).to_string()
}

fn state(source: &Value) -> String {
    match source["secret"].as_str() {
        Some("configured") => "configured".to_owned(),
        Some("handed_over") => format!("has a secret since {}", text(source, "handed_over")),
        Some("awaited") => format!("waits for a secret until {}", text(source, "waits_until")),
        _ => format!("has no secret; hookpost sources wait {} lets the next one in", text(source, "name")),
    }
}
