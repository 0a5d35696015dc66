//! For stories in which no webhook goes on as an event, and no key is fetched.

use shared::seam::{Answer, NoAnswer, Outgoing, Publication, Publish, Received, SendWebhook};

#[derive(Clone, Copy)]
pub struct Nobody;

impl Publish for Nobody {
    async fn publish(&self, publication: Publication) -> Answer<()> {
        panic!("nobody was to publish {publication:?}");
    }
}

impl SendWebhook for Nobody {
    async fn send_webhook(&self, outgoing: Outgoing) -> Result<Received, NoAnswer> {
        panic!("nobody was to be asked: {}", outgoing.target.url());
    }
}
