//! For stories in which no webhook goes on as an event.

use shared::seam::{Answer, Publication, Publish};

#[derive(Clone, Copy)]
pub struct Nobody;

impl Publish for Nobody {
    async fn publish(&self, publication: Publication) -> Answer<()> {
        panic!("nobody was to publish {publication:?}");
    }
}
