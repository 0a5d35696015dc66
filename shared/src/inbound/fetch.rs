//! Admitted → with keys: what its proof needs from the network is there, or why it is not.

use futures_util::future::join_all;

use super::Listener;
use super::admit::Admitted;
use crate::schemes::{Fetched, NotFetched};
use crate::seam::SendWebhook;

/// A request that needs more keys than these gets none of the rest.
const MOST: usize = 8;

/// A request that can be judged.
pub(super) struct Keyed {
    pub(super) admitted: Admitted,
    pub(super) fetched: Fetched,
}

pub(super) async fn fetch<S, Q, P: SendWebhook>(listener: &Listener<S, Q, P>, admitted: Admitted) -> Keyed {
    let (source, caller, now) = (&admitted.source, admitted.arrival.caller, admitted.arrival.at);
    let mut wanted = Vec::new();
    for one in source.verifier.wants(&admitted.shown()) {
        if !wanted.contains(&one) {
            wanted.push(one);
        }
    }
    let way = (&listener.post, listener.guard);
    let found = join_all(wanted.into_iter().enumerate().map(|(at, one)| async move {
        let found = match at < MOST {
            true => listener.keyring.get(way, (&source.name, caller), &one, now).await,
            false => Err(NotFetched("it needs too many keys".into())),
        };
        (one, found)
    }));
    let fetched = found.await.into_iter().collect();
    Keyed { admitted, fetched }
}
