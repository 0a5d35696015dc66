//! The worlds that a story can happen in: one machine, or a stack on AWS.

use std::process::Output;

use serde_json::Value;

use super::http::Answer;
use super::{Hookpost, Mail, Setup, Stack, eventually};

/// Where a story happens.
#[derive(Clone, Copy, Debug)]
pub enum World {
    OneMachine,
    Aws,
}

impl World {
    /// A post office with those sources beside the default one, and those endpoints, which may be on this machine.
    pub fn open(self, config: &str) -> Box<dyn PostOffice> {
        match self {
            Self::OneMachine => Box::new(Setup::config(config).sending().start()),
            Self::Aws => {
                let stack = Stack::deploy();
                stack.apply(config);
                Box::new(stack)
            }
        }
    }

    /// A post office with the default source alone.
    pub fn open_default(self) -> Box<dyn PostOffice> {
        match self {
            Self::OneMachine => Box::new(Setup::default().start()),
            Self::Aws => Box::new(Stack::deploy()),
        }
    }
}

/// What callers, recipients and the owner can do, in any world.
pub trait PostOffice {
    /// To an address as one machine has it, `/in/{source}`.
    fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer;

    /// To the sender: `/events` on one machine, with that query if it is not empty.
    fn ask_sender(&self, method: &str, query: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer;

    /// A token that is good for events.
    fn events_token(&self) -> String;

    /// To the management API, as its owner.
    fn manage(&self, method: &str, path: &str, body: &[u8]) -> Answer;

    /// The same, if what it is about is of that version.
    fn manage_if(&self, tag: &str, method: &str, path: &str, body: &[u8]) -> Answer;

    /// To an address of the management API that is open to anybody.
    fn public(&self, path: &str) -> Answer;

    /// Runs a verb that speaks to the management API, with that environment besides.
    fn verb_in(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Output;

    /// Every mail that went out.
    fn mails(&self) -> Vec<Mail>;

    /// The mail of that webhook, waited for.
    fn mail(&self, id: &str) -> Mail;

    /// Waits until nothing is queued.
    fn settle(&self);

    /// Everything logged so far.
    fn log(&self) -> String;

    /// The story ends with work undone on purpose.
    fn leaves_work(&mut self);

    fn post(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        self.send("POST", path, headers, body)
    }

    /// An application's event, with the token.
    fn emit(&self, event: &Value) -> Answer {
        self.emit_asking("", event)
    }

    /// The same, with a query.
    fn emit_asking(&self, query: &str, event: &Value) -> Answer {
        let bearer = format!("Bearer {}", self.events_token());
        let headers = [("authorization", &*bearer), ("content-type", "application/json")];
        self.ask_sender("POST", query, &headers, event.to_string().as_bytes())
    }

    /// What the management API shows there, as JSON.
    fn show(&self, path: &str) -> Value {
        let answer = self.manage("GET", path, b"");
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.json()
    }

    /// The first line with that text, waited for.
    fn logged(&self, text: &str) -> String {
        eventually(&format!("{text:?} in the log"), || {
            self.log().lines().find(|line| line.contains(text)).map(str::to_owned)
        })
    }
}

/// What they can do is written where they are.
macro_rules! post_offices {
    ($($place:ty),*) => {$(
        impl PostOffice for $place {
            fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
                self.send(method, path, headers, body)
            }

            fn ask_sender(&self, method: &str, query: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
                self.ask_sender(method, query, headers, body)
            }

            fn events_token(&self) -> String {
                self.events_token()
            }

            fn manage(&self, method: &str, path: &str, body: &[u8]) -> Answer {
                self.owner(method, path, &[], body)
            }

            fn manage_if(&self, tag: &str, method: &str, path: &str, body: &[u8]) -> Answer {
                self.owner(method, path, &[("if-match", tag)], body)
            }

            fn public(&self, path: &str) -> Answer {
                self.public(path)
            }

            fn verb_in(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
                self.verb_in(arguments, environment)
            }

            fn mails(&self) -> Vec<Mail> {
                self.mails()
            }

            fn mail(&self, id: &str) -> Mail {
                self.mail(id)
            }

            fn settle(&self) {
                self.settle();
            }

            fn log(&self) -> String {
                self.log()
            }

            fn leaves_work(&mut self) {
                self.leaves_work();
            }
        }
    )*};
}

post_offices!(Hookpost, Stack);

/// Tells each story in both worlds.
macro_rules! stories {
    ($($story:ident),* $(,)?) => {
        mod on_one_machine {
            $(#[test] fn $story() { super::$story(crate::harness::World::OneMachine) })*
        }
        mod on_aws {
            $(#[test] fn $story() { super::$story(crate::harness::World::Aws) })*
        }
    };
}
pub(crate) use stories;
