//! Bodies too big for a message, an object each. The bucket forgets them when their time has passed.

use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;

use super::failure::unavailable;
use super::store::{Bucket, Store};
use crate::id::WebhookId;
use crate::seam::{Answer, GetBody, PutBody};

const S3: &str = "S3";

impl PutBody for Store {
    async fn put_body(&self, id: WebhookId, body: &Bytes) -> Answer<()> {
        self.bucket.put(format!("bodies/{id}"), body.clone()).await
    }
}

impl GetBody for Store {
    async fn get_body(&self, id: WebhookId) -> Answer<Option<Bytes>> {
        self.bucket.get(format!("bodies/{id}")).await
    }
}

impl Bucket {
    pub(super) async fn put(&self, key: String, bytes: Bytes) -> Answer<()> {
        let put = self.client().put_object().bucket(&self.name).key(key).body(ByteStream::from(bytes));
        put.send().await.map_err(|failure| unavailable(S3, failure))?;
        Ok(())
    }

    pub(super) async fn get(&self, key: String) -> Answer<Option<Bytes>> {
        let got = match self.client().get_object().bucket(&self.name).key(key).send().await {
            Ok(got) => got,
            Err(failure) if failure.as_service_error().is_some_and(|answer| answer.is_no_such_key()) => {
                return Ok(None);
            }
            Err(failure) => return Err(unavailable(S3, failure)),
        };
        let whole = got.body.collect().await;
        let whole =
            whole.map_err(|broken| crate::seam::Unavailable(format!("{S3}: the object broke off: {broken}")))?;
        Ok(Some(whole.into_bytes()))
    }
}
