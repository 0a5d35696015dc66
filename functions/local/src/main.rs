//! The `hookpost` program: every handler in one process, and verbs that speak to a running one.

mod apply;
mod banner;
mod client;
mod configuration;
mod console;
mod dead;
mod logs;
mod loopback;
mod made;
mod mailer;
mod outbox;
mod routes;
mod serve;
mod settings;
mod signals;
mod status;
mod stop;
mod sweep;

use std::process::ExitCode;

use settings::{Cli, Verb};

fn main() -> ExitCode {
    let Cli { verb, settings } = settings::parse();
    let outcome = match verb.unwrap_or(Verb::Serve) {
        Verb::Serve => serve::serve(&settings),
        Verb::Dead { order } => dead::dead(&settings, order),
        Verb::Apply { file, yes } => apply::apply(&settings, &file, yes),
        Verb::Status => status::status(&settings),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("hookpost: {problem}");
            ExitCode::from(problem.code())
        }
    }
}
