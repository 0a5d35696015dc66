//! A client that is made when it is first needed: most programs that may need it never do.

use std::sync::OnceLock;

use super::{Dns, Post, Tcp, Trust};
use crate::guard::Guard;
use crate::seam::{NoAnswer, Outgoing, Received, SendWebhook, Trouble};

/// A [`Post`] that reads no roots before it is asked to send.
pub struct Lazy {
    guard: Guard,
    post: OnceLock<Result<Post, NoAnswer>>,
}

impl Lazy {
    pub fn new(guard: Guard) -> Self {
        Self { guard, post: OnceLock::new() }
    }

    /// Without roots plain loopback is reached all the same, where it is allowed.
    fn make(&self) -> Result<Post, NoAnswer> {
        let without = |problem| {
            tracing::error!(%problem, "no https address will be reached");
            Post::with(self.guard, Dns::default(), Tcp, Trust::Only(Vec::new()))
        };
        let made = Post::new(self.guard).or_else(without);
        made.map_err(|problem| NoAnswer { kind: Trouble::Tls, words: problem.to_string() })
    }
}

impl SendWebhook for Lazy {
    async fn send_webhook(&self, outgoing: Outgoing) -> Result<Received, NoAnswer> {
        self.post.get_or_init(|| self.make()).as_ref().map_err(Clone::clone)?.send_webhook(outgoing).await
    }
}
