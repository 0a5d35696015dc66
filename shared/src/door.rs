//! What is known of a request the moment it comes: when, from where, and the name it gets.

use std::net::IpAddr;
use std::time::Duration;

use crate::id::WebhookId;
use crate::inbound::Arrival;
use crate::reply::Refused;
use crate::timestamp::Timestamp;

/// The source that an address without a name stands for.
pub const DEFAULT: &str = "default";

/// A request that has just come.
///
/// # Errors
/// There is no randomness to name it with; the caller may come back.
pub fn arrival(caller: IpAddr) -> Result<Arrival, Refused> {
    let (at, random) = (Timestamp::now(), random()?);
    Ok(Arrival { id: WebhookId::new(at, random), at, caller: caller.to_canonical() })
}

/// Fresh randomness.
///
/// # Errors
/// There is none; the caller may come back.
pub fn random<const N: usize>() -> Result<[u8; N], Refused> {
    let mut random = [0u8; N];
    getrandom::fill(&mut random).map_err(|problem| {
        tracing::error!(%problem, "no randomness");
        Refused::Unavailable { retry_after: Duration::from_secs(5) }
    })?;
    Ok(random)
}
