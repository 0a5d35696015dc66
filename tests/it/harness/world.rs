//! The worlds that a story can happen in: one machine, or a stack on AWS.

use super::http::Answer;
use super::{Hookpost, Mail, Setup, Stack, eventually};

/// Where a story happens.
#[derive(Clone, Copy, Debug)]
pub enum World {
    OneMachine,
    Aws,
}

impl World {
    /// A post office with those sources beside the default one.
    pub fn open(self, sources: &str) -> Box<dyn PostOffice> {
        match self {
            Self::OneMachine => Box::new(Setup::config(sources).start()),
            Self::Aws => {
                let stack = Stack::deploy();
                stack.apply(sources);
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

    /// Every mail that went out.
    fn mails(&self) -> Vec<Mail>;

    /// The mail of that webhook, waited for.
    fn mail(&self, id: &str) -> Mail;

    /// Waits until nothing is queued.
    fn settle(&self);

    /// Everything logged so far.
    fn log(&self) -> String;

    fn post(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        self.send("POST", path, headers, body)
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
