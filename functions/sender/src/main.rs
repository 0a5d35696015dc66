//! Event (URL, direct invoke, EventBridge) → `outbound::fan_out`: kept, queued for every endpoint, answered.

use shared::aws::http::{self, Incoming};
use shared::aws::{Aws, Endpoints, Outbound, Proof, Store, emitted, guard, logs};
use shared::clock::SystemClock;
use shared::door::random;
use shared::outbound::Sender;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), http::Error> {
    logs::start();
    let aws = Aws::from_environment()?;
    let store = Outbound::from_environment(&aws)?;
    let endpoints = Endpoints::new(Store::from_environment(&aws)?, Proof::Never, guard());
    endpoints.warm().await;
    let sender = Sender::new(endpoints, store, SystemClock, None);
    let answer = async |Incoming { request, .. }| match random() {
        Ok(random) => sender.receive(request, random).await,
        Err(refused) => refused.reply(),
    };
    emitted::run(answer, async |emission| sender.emit(emission).await).await
}
