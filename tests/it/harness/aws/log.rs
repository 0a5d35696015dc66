//! What the functions of a stack logged.

use serde_json::{Value, json};

use super::Emulator;

/// Every line of that log group, oldest first.
pub(super) fn lines(account: &str, group: &str) -> Vec<String> {
    let (mut lines, mut next) = (Vec::new(), None::<String>);
    loop {
        let mut ask = json!({ "logGroupName": group });
        if let Some(next) = &next {
            ask["nextToken"] = json!(next);
        }
        let page = Emulator::running().call(account, "logs", "Logs_20140328.FilterLogEvents", &ask);
        let events = page["events"].as_array().cloned().unwrap_or_default();
        lines.extend(events.iter().filter_map(|event| Some(event["message"].as_str()?.trim_end().to_owned())));
        next = page["nextToken"].as_str().map(str::to_owned);
        if next.is_none() {
            return lines;
        }
    }
}

/// Those that are of ours: the emulator adds its own.
pub(super) fn ours(line: &str) -> bool {
    serde_json::from_str::<Value>(line).is_ok_and(|line| line["level"].is_string())
}
