//! What a person must still confirm elsewhere.

use http::StatusCode;
use serde_json::json;

use crate::reply::{self, Refused, Reply};
use crate::seam::Confirmations;

pub(super) async fn show(ports: &impl Confirmations) -> Result<Reply, Refused> {
    let confirmations = ports.confirmations().await.map_err(super::unavailable)?;
    let status = if confirmations.iter().all(|one| one.done) { "ok" } else { "attention" };
    Ok(reply::json(StatusCode::OK, &json!({ "status": status, "confirmations": confirmations })))
}
