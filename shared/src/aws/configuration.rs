//! The applied configuration: one row, so that a change is there as a whole or not at all.

use super::failure::{DYNAMODB, conditional, unavailable};
use super::store::{Store, number, text};
use crate::seam::{Answer, Kept, ReadConfig, Unavailable, WriteConfig};

/// The key of the row, both parts.
const CONFIG: &str = "config";

impl ReadConfig for Store {
    async fn read_config(&self) -> Answer<Option<Kept>> {
        let get = self.table.client.get_item().table_name(&self.table.name).consistent_read(true);
        let got = get.key("pk", text(CONFIG)).key("sk", text(CONFIG)).send().await;
        let Some(row) = got.map_err(|failure| unavailable(DYNAMODB, failure))?.item else { return Ok(None) };
        let version = row.get("version").and_then(|value| value.as_n().ok()?.parse().ok());
        let written = row.get("text").and_then(|value| value.as_s().ok()).cloned();
        match version.zip(written) {
            Some((version, text)) => Ok(Some(Kept { version, text })),
            None => Err(Unavailable(format!("{DYNAMODB}: the row of the configuration cannot be read"))),
        }
    }
}

impl WriteConfig for Store {
    async fn write_config(&self, kept: &Kept) -> Answer<bool> {
        let before = kept.version.saturating_sub(1);
        let put = self.table.client.put_item().table_name(&self.table.name);
        let put = put
            .item("pk", text(CONFIG))
            .item("sk", text(CONFIG))
            .item("version", number(kept.version))
            .item("text", text(&*kept.text))
            .condition_expression(if before == 0 { "attribute_not_exists(version)" } else { "version = :before" })
            .set_expression_attribute_values((before > 0).then(|| [(":before".to_owned(), number(before))].into()));
        // An answer that was lost on its way is asked for again: it may be our own that is there.
        Ok(conditional(put.send().await)? || self.read_config().await?.as_ref() == Some(kept))
    }
}
