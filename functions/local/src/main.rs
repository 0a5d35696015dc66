//! The `hookpost` program: every handler in one process, and verbs that speak to a running one.

mod apply;
mod banner;
mod client;
mod configuration;
mod console;
mod dead;
mod deliverer;
mod endpoints;
mod history;
mod logs;
mod loopback;
mod made;
mod mailer;
mod outbox;
mod pretty;
mod providers;
mod receive;
mod refusals;
mod replayer;
mod replays;
mod retry;
mod routes;
mod send;
mod serve;
mod settings;
mod signals;
mod sources;
mod status;
mod stop;
mod sweep;
mod table;
mod tokens;
mod verify;

use std::process::ExitCode;

use settings::{Cli, Verb};

fn main() -> ExitCode {
    let Cli { verb, settings } = settings::parse();
    let outcome = match verb.unwrap_or(Verb::Serve) {
        Verb::Serve => serve::serve(&settings),
        Verb::Dead { order } => dead::dead(&settings, order),
        Verb::Apply { file, yes } => apply::apply(&settings, &file, yes),
        Verb::Refusals => refusals::refusals(&settings),
        Verb::Send(event) => send::send(&settings, event),
        Verb::Receive(how) => receive::receive(&how),
        Verb::Events { order } => history::events(&settings, order),
        Verb::Deliveries(which) => history::deliveries(&settings, which),
        Verb::Endpoints { order } => endpoints::endpoints(&settings, order),
        Verb::Retry(which) => retry::retry(&settings, &which),
        Verb::Replays(which) => replays::replays(&settings, &which),
        Verb::Sources { order } => sources::sources(&settings, order),
        Verb::Token { order } => tokens::tokens(&settings, order),
        Verb::Status => status::status(&settings),
        Verb::Providers { name } => providers::providers(name.as_deref()),
        Verb::Verify(which) => verify::verify(&settings, &which),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("hookpost: {}", pretty::safe(&problem.to_string()));
            ExitCode::from(problem.code())
        }
    }
}
