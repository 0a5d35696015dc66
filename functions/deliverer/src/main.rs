//! Outbound queue → `outbound::deliver`: signs webhooks, posts them, judges what comes back.

use std::thread;
use std::time::Duration;

use shared::aws::{Aws, Endpoints, Outbound, Proof, SecretStore, Store, guard, http, lanes, logs, variable};
use shared::clock::SystemClock;
use shared::outbound::{Deliverer, Replayer, Sender, Standing, Teller};
use shared::post::Post;

/// The function's own time, 60 s, is shorter; the template says the visibility.
const LEASE: Duration = Duration::from_secs(75);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), http::Error> {
    logs::start();
    // The roots of the world are read while AWS is asked for keys.
    let post = thread::spawn(|| Post::new(guard()));
    let aws = Aws::from_environment()?;
    let memory = Outbound::from_environment(&aws)?;
    let proof = Proof::By { secrets: SecretStore::new(&aws), key_secret: variable("OUTBOUND_KEY_SECRET")? };
    let letters = Store::from_environment(&aws)?;
    let endpoints = Endpoints::new(letters.clone(), proof, guard());
    endpoints.warm().await;
    let [others, replayed] = [(), ()].map(|()| Endpoints::new(letters.clone(), Proof::Never, guard()));
    let news = Teller { sender: Sender::new(others, memory.clone(), SystemClock, None), letters };
    let post = post.join().map_err(|_| "the roots cannot be read")??;
    let (clock, standing) = (SystemClock, Standing::default());
    let deliverer = Deliverer { endpoints, memory: memory.clone(), post, news, clock, lease: LEASE, standing };
    let replayer = Replayer { endpoints: replayed, memory: memory.clone(), clock: SystemClock };
    let (deliver, step) = (async |turn: &_| deliverer.deliver(turn).await, async |step: &_| replayer.step(step).await);
    lanes::run(memory, variable("METRICS_NAMESPACE")?, deliver, step).await
}
