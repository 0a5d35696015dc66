//! DynamoDB stream → event → `outbound::fan_out`: what changes in a table goes out.

use shared::aws::{Aws, Endpoints, Outbound, Proof, Store, guard, http, logs, stream};
use shared::clock::SystemClock;
use shared::outbound::Sender;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), http::Error> {
    logs::start();
    let aws = Aws::from_environment()?;
    let store = Outbound::from_environment(&aws)?;
    let endpoints = Endpoints::new(Store::from_environment(&aws)?, Proof::Never, guard());
    let sender = Sender::new(endpoints, store, SystemClock, None);
    stream::run(async |emission| sender.emit(emission).await).await
}
