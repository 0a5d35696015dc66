//! Inbound queue → `inbound::mail`: e-mails the webhooks that wait, each once.

use std::time::Duration;

use shared::aws::{
    Aws, DefaultSource, Endpoints, Misconfigured, Outbound, Proof, Ses, Sources, Store, batch, guard, http, logs,
    variable,
};
use shared::clock::SystemClock;
use shared::inbound::{Mailer, Times};
use shared::outbound::Sender;

/// The function's own time, 60 s, lies between a send and a lease; the template says the visibility.
const TIMES: Times =
    Times { send: Duration::from_secs(10), lease: Duration::from_secs(75), visibility: Duration::from_secs(360) };

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), http::Error> {
    logs::start();
    let aws = Aws::from_environment()?;
    let memory = Store::from_environment(&aws)?;
    let default = DefaultSource::from_environment()?;
    let owner = default.email.split(',').filter_map(|address| address.parse().ok()).collect();
    let sources = Sources::new(memory.clone(), default, Proof::Never);
    let from = variable("MAIL_FROM")?.parse().map_err(|_| Misconfigured("MAIL_FROM"))?;
    let email = Ses::new(&aws, from);
    let endpoints = Endpoints::new(memory.clone(), Proof::Never, guard());
    let publisher = Sender::new(endpoints, Outbound::from_environment(&aws)?, SystemClock, None);
    let mailer = Mailer { sources, memory: memory.clone(), email, publisher, owner, clock: SystemClock, times: TIMES };
    batch::run(memory, async |leased| mailer.mail(leased).await).await
}
