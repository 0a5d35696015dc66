//! `hookpost events` and `hookpost deliveries`: what became of what went out.

use clap::{Args, Subcommand};
use serde_json::Value;
use shared::outside::Outside;
use shared::quantity::duration;
use shared::timestamp::Timestamp;

use crate::client::{Server, print};
use crate::endpoints::all;
use crate::pretty::pretty;
use crate::settings::Settings;
use crate::stop::Stop;

/// Lines that a list shows, unless told otherwise.
const LINES: usize = 50;

#[derive(Args)]
pub(crate) struct Which {
    /// Whose
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    /// Accepted at that time or later, like 2026-11-22T10:00:00Z, or 2h for two hours ago
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Accepted before that time, likewise
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// How many at most [default: 50]
    #[arg(long, value_name = "NUMBER")]
    limit: Option<usize>,
}

#[derive(Subcommand)]
pub(crate) enum Events {
    /// List events, latest first
    List(#[command(flatten)] Which),
    /// Show one: its data and its deliveries
    Show {
        /// The id of the event
        id: String,
        /// Whose
        #[arg(long, value_name = "NAME")]
        tenant: Option<String>,
    },
}

#[derive(Args)]
pub(crate) struct Deliveries {
    /// To that endpoint
    #[arg(long, value_name = "NAME")]
    endpoint: Option<String>,
    /// Of that event
    #[arg(long, value_name = "ID")]
    event: Option<String>,
    /// Only those: pending, delivered, given_up, held or cancelled
    #[arg(long, value_name = "STATE")]
    state: Option<String>,
    #[command(flatten)]
    which: Which,
}

pub(crate) fn events(settings: &Settings, order: Events) -> Result<(), Stop> {
    let server = Server::named(settings)?;
    match order {
        Events::List(which) => {
            let found = which.ask(&server, "/api/v1/events", &[])?;
            list(&found, "No events.\n", |event| {
                format!("{}  {}  {}\n", text(event, "received"), text(event, "id"), text(event, "type"))
            })
        }
        Events::Show { id, tenant } => {
            let query = query(&[("tenant", tenant.as_deref())]);
            print(&pretty(&server.get(&format!("/api/v1/events/{}?{query}", step(&id)))?))
        }
    }
}

pub(crate) fn deliveries(settings: &Settings, wanted: Deliveries) -> Result<(), Stop> {
    let server = Server::named(settings)?;
    let Deliveries { endpoint, event, state, which } = wanted;
    let endpoints = match (&endpoint, &event) {
        (None, None) => names(&server, &which)?,
        _ => vec![endpoint],
    };
    let mut found = Vec::new();
    for endpoint in endpoints {
        let asked = [("endpoint", endpoint.as_deref()), ("event", event.as_deref()), ("state", state.as_deref())];
        found.extend(which.ask(&server, "/api/v1/deliveries", &asked)?);
    }
    found.sort_by_key(|delivery| std::cmp::Reverse(text(delivery, "received")));
    found.truncate(which.limit.unwrap_or(LINES));
    list(&found, "No deliveries.\n", line)
}

/// All endpoints, where none was named.
fn names(server: &Server, which: &Which) -> Result<Vec<Option<String>>, Stop> {
    let all = all(server, which.tenant.as_deref())?;
    Ok(all.iter().map(|endpoint| endpoint["name"].as_str().map(str::to_owned)).collect())
}

fn line(delivery: &Value) -> String {
    let attempts = delivery["attempts"].as_array().map(Vec::as_slice).unwrap_or_default();
    let last = attempts.last();
    let status = last.and_then(|last| last["status"].as_u64()).map(|status| format!("  status {status}"));
    let error = last.and_then(|last| last["error"].as_str()).map(|error| format!("  {}", Outside(error)));
    let next = delivery["next"]["due"].as_str().map(|due| format!("  next {}", Outside(due)));
    format!(
        "{}  {}  {}  {}  {:<9}  attempts {}{}{}{}\n",
        text(delivery, "received"),
        text(delivery, "event"),
        text(delivery, "endpoint"),
        text(delivery, "type"),
        text(delivery, "state"),
        attempts.len(),
        status.unwrap_or_default(),
        error.unwrap_or_default(),
        next.unwrap_or_default(),
    )
}

impl Which {
    /// Page after page, until there are as many as are wanted.
    fn ask(&self, server: &Server, path: &str, more: &[(&str, Option<&str>)]) -> Result<Vec<Value>, Stop> {
        let most = self.limit.unwrap_or(LINES);
        let [since, until] = [&self.since, &self.until].map(|time| time.as_deref().map(moment));
        let (mut found, mut iterator): (Vec<Value>, Option<String>) = (Vec::new(), None);
        loop {
            let limit = most.saturating_sub(found.len()).clamp(1, 250).to_string();
            let own = [
                ("tenant", self.tenant.as_deref()),
                ("since", since.as_deref()),
                ("until", until.as_deref()),
                ("limit", Some(&*limit)),
                ("iterator", iterator.as_deref()),
            ];
            let answer = server.get(&format!("{path}?{}", query(&[&own, more].concat())))?;
            found.extend(answer["data"].as_array().ok_or_else(|| server.not_ours())?.iter().cloned());
            let next = answer["iterator"].as_str().map(str::to_owned);
            if found.len() >= most || next.is_none() || next == iterator {
                found.truncate(most);
                return Ok(found);
            }
            iterator = next;
        }
    }
}

fn list(found: &[Value], none: &str, line: impl Fn(&Value) -> String) -> Result<(), Stop> {
    if found.is_empty() {
        return print(none);
    }
    found.iter().try_for_each(|one| print(&line(one)))
}

fn text(value: &Value, key: &str) -> String {
    Outside(value[key].as_str().unwrap_or("-")).to_string()
}

/// A time as the server reads it: `2h` is two hours ago. It judges the rest.
pub(crate) fn moment(text: &str) -> String {
    ago(text).map_or_else(|| text.to_owned(), Timestamp::precise)
}

/// When that was, if it says how long ago.
pub(crate) fn ago(text: &str) -> Option<Timestamp> {
    let ago = Some(text).filter(|text| text.ends_with(['s', 'm', 'h', 'd'])).and_then(duration);
    ago.map(|ago| Timestamp::now().before(ago))
}

/// What was given, as a query.
pub(crate) fn query(pairs: &[(&str, Option<&str>)]) -> String {
    let given = pairs.iter().filter_map(|(name, value)| Some((*name, (*value)?)));
    form_urlencoded::Serializer::new(String::new()).extend_pairs(given).finish()
}

/// One step of a path, whatever it holds.
pub(crate) fn step(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
