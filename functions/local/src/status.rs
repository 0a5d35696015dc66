//! `hookpost status`: what must still be confirmed before mail reaches everybody.

use serde_json::Value;
use shared::outside::Outside;

use crate::client::{Server, print};
use crate::settings::Settings;
use crate::stop::Stop;

pub(crate) fn status(settings: &Settings) -> Result<(), Stop> {
    let server = Server::named(settings)?;
    let answer = server.get("/api/v1/status")?;
    let all = answer["confirmations"].as_array().ok_or_else(|| server.not_ours())?;
    for one in all {
        let text = |key: &str| Outside(one[key].as_str().unwrap_or_default()).to_string();
        let state = if one["done"] == true { "ok     " } else { "MISSING" };
        print(&format!("{state}  {:<10} {}\n", text("name"), text("detail")))?;
    }
    match all.iter().filter(|one| one["done"] != Value::Bool(true)).count() {
        0 => Ok(()),
        1 => Err(Stop::Failed("one confirmation is missing".into())),
        missing => Err(Stop::Failed(format!("{missing} confirmations are missing"))),
    }
}
