//! Logs: for people on a terminal, JSON otherwise.

use std::io::IsTerminal;

use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{fmt, registry};

use crate::stop::Stop;

/// Lines go to standard error, those of `RUST_LOG`'s level and worse.
pub(crate) fn start() -> Result<(), Stop> {
    let chosen = std::env::var("RUST_LOG").unwrap_or_default();
    let wrong = |_| {
        Stop::setting(
            "RUST_LOG",
            format!("\"{}\" is not a level. Allowed: error, warn, info, debug, trace, off", chosen.escape_debug()),
        )
    };
    let filter: LevelFilter = match chosen.trim() {
        "" => LevelFilter::INFO,
        text => text.parse().map_err(wrong)?,
    };
    let started = if std::io::stderr().is_terminal() {
        registry().with(fmt::layer().with_writer(std::io::stderr).with_target(false).with_filter(filter)).try_init()
    } else {
        let json = fmt::layer().json().flatten_event(true).with_current_span(false).with_span_list(false);
        registry().with(json.with_writer(std::io::stderr).with_target(false).with_filter(filter)).try_init()
    };
    started.map_err(|problem| Stop::Failed(problem.to_string()))
}
