//! The outbound half of a stack: its sender, and what its owner asks of it.

use std::process::Output;

use super::Stack;
use crate::harness::http::Answer;

impl Stack {
    /// To the sender, at the address that one machine has for it.
    #[track_caller]
    pub fn ask_sender(&self, method: &str, query: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        self.ask("EventsUrl", method, &format!("/{query}"), headers, body)
    }

    /// Nothing waits for a stack to end.
    pub fn leaves_work(&mut self) {}

    pub fn public(&self, path: &str) -> Answer {
        self.ask("ApiUrl", "GET", path, &[], b"")
    }

    #[track_caller]
    pub fn owner(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        self.admin(method, path, headers, body)
    }

    pub fn verb_in(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        self.verb(arguments, environment)
    }
}
