//! An application that tells the post office what happened.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::http::{Answer, try_post};

/// An event as an application writes it. Its id, `id`, is left to the post office unless a test adds one.
pub fn event(kind: &str, data: Value) -> Value {
    json!({ "type": kind, "data": data })
}

/// Emits to a running program.
#[track_caller]
pub fn emit(address: SocketAddr, token: &str, event: &Value) -> Answer {
    try_emit(address, token, event).expect("an answer")
}

/// The same, where the program may be killed meanwhile.
pub fn try_emit(address: SocketAddr, token: &str, event: &Value) -> std::io::Result<Answer> {
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", &*bearer), ("content-type", "application/json")];
    try_post(address, "/events", &headers, event.to_string().as_bytes())
}
