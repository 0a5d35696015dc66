//! The body of an order, read within bounds.

use std::time::Duration;

use bytes::Bytes;
use http_body::Body;
use http_body_util::{BodyExt, Limited};
use tokio::time::timeout;

use super::Broken;
use crate::reply::Refused;

/// More than this is no configuration.
pub(super) const MOST: usize = 256 << 10;

const TIME: Duration = Duration::from_secs(30);

pub(super) async fn read<B>(body: B) -> Result<Bytes, Refused>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Broken>,
{
    let body = std::pin::pin!(Limited::new(body, MOST));
    let read = timeout(TIME, body.collect()).await.map_err(|_| Refused::TooSlow)?;
    read.map(|whole| whole.to_bytes()).map_err(|problem| {
        if problem.is::<http_body_util::LengthLimitError>() {
            Refused::TooLarge { most: MOST }
        } else {
            Refused::BadRequest("the body broke off")
        }
    })
}
