//! The outbound half of the program: its sender, and what its owner asks of it.

use std::process::Output;

use super::http::Answer;
use super::launch::run;
use super::{ADMIN, EVENTS, Hookpost};

impl Hookpost {
    /// To the sender, with that query if it is not empty.
    #[track_caller]
    pub fn ask_sender(&self, method: &str, query: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        self.send(method, &format!("/events{query}"), headers, body)
    }

    /// To the management API, as its owner.
    #[track_caller]
    pub fn owner(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let bearer = format!("Bearer {ADMIN}");
        self.send(method, path, &[&[("authorization", &*bearer)], headers].concat(), body)
    }

    pub fn public(&self, path: &str) -> Answer {
        self.get(path)
    }

    pub fn events_token(&self) -> String {
        EVENTS.into()
    }

    /// The same, with that environment, too.
    pub fn verb_in(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        let url = format!("http://{}", self.address);
        let own = [("HOOKPOST_URL", &*url), ("ADMIN_TOKEN", ADMIN), ("EVENTS_TOKEN", EVENTS)];
        run(self.folder(), arguments, &[&own[..], environment].concat())
    }
}
