//! Function URL → `inbound::receive`: proves webhooks genuine, queues them, answers.

use shared::aws::http::{self, Incoming};
use shared::aws::{Aws, DefaultSource, Proof, SecretStore, Sources, Store, guard, logs, variable};
use shared::door::{DEFAULT, arrival};
use shared::inbound::Listener;
use shared::post::Lazy;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), http::Error> {
    logs::start();
    let aws = Aws::from_environment()?;
    let store = Store::from_environment(&aws)?;
    let proof = Proof::By { secrets: SecretStore::new(&aws), key_secret: variable("INBOUND_KEY_SECRET")? };
    let sources = Sources::new(store.clone(), DefaultSource::from_environment()?, proof);
    sources.warm().await;
    let listener = Listener::new(sources, store, Lazy::new(guard().with_sns()), guard().with_sns());
    http::run(async |Incoming { request, caller }| match arrival(caller) {
        Ok(arrival) => listener.receive(&source(request.uri().path()), request, arrival).await,
        Err(refused) => refused.reply(),
    })
    .await
}

/// `/` is the default source, `/{source}` that one.
fn source(path: &str) -> String {
    match path.strip_prefix('/').unwrap_or(path) {
        "" => DEFAULT.to_owned(),
        name => name.to_owned(),
    }
}
