//! Logs as CloudWatch reads them: a line of JSON with `timestamp` and `level` for each.

use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::{fmt, registry};

use super::environment::given;

/// Lines of the level that Lambda's logging configuration names (`AWS_LAMBDA_LOG_LEVEL`) and worse.
pub fn start() {
    let level = given("AWS_LAMBDA_LOG_LEVEL").and_then(|level| level.to_lowercase().parse().ok());
    let json = fmt::layer().json().flatten_event(true).with_current_span(false).with_span_list(false);
    let lines = json.with_target(false).with_filter(level.unwrap_or(LevelFilter::INFO));
    // A second start changes nothing.
    drop(tracing::subscriber::set_global_default(registry().with(lines)));
}
