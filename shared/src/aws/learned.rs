//! Secrets that providers handed over, and the sources that wait for one: a row each.

use super::events::{Row, moment, string};
use super::failure::{DYNAMODB, conditional, unavailable};
use super::store::{Store, number, text};
use crate::seam::{Answer, AwaitLearned, Learned, ReadLearned, TakeLearned, Taken};
use crate::timestamp::Timestamp;

const PARTITION: &str = "learned";

impl ReadLearned for Store {
    async fn learned(&self, source: &str) -> Answer<Option<Learned>> {
        let get = self.table.client.get_item().table_name(&self.table.name).consistent_read(true);
        let got = get.key("pk", text(PARTITION)).key("sk", text(source)).send().await;
        let row = got.map_err(|failure| unavailable(DYNAMODB, failure))?.item;
        Ok(row.as_ref().map(read))
    }
}

impl TakeLearned for Store {
    /// The same one again is no change: an answer may be lost on its way.
    async fn take_learned(&self, source: &str, taken: &Taken) -> Answer<bool> {
        let update = self.table.client.update_item().table_name(&self.table.name);
        let update = update.key("pk", text(PARTITION)).key("sk", text(source));
        let update = update
            .update_expression("SET sealed = :sealed, taken = :now")
            .condition_expression("(attribute_not_exists(sealed) AND waits_until > :now) OR sealed = :sealed")
            .expression_attribute_values(":sealed", text(&*taken.sealed))
            .expression_attribute_values(":now", number(taken.at.0));
        conditional(update.send().await)
    }
}

impl AwaitLearned for Store {
    async fn await_learned(&self, source: &str, until: Timestamp) -> Answer<bool> {
        let update = self.table.client.update_item().table_name(&self.table.name);
        let update = update.key("pk", text(PARTITION)).key("sk", text(source));
        let update = update
            .update_expression("SET waits_until = :until")
            .condition_expression("attribute_not_exists(sealed)")
            .expression_attribute_values(":until", number(until.0));
        conditional(update.send().await)
    }

    async fn forget_learned(&self, source: &str) -> Answer<bool> {
        let delete = self.table.client.delete_item().table_name(&self.table.name);
        let delete = delete.key("pk", text(PARTITION)).key("sk", text(source));
        conditional(delete.condition_expression("attribute_exists(pk)").send().await)
    }
}

fn read(row: &Row) -> Learned {
    let sealed = string(row, "sealed").map(str::to_owned);
    Learned {
        until: moment(row, "waits_until").unwrap_or_default(),
        taken: sealed.map(|sealed| Taken { sealed, at: moment(row, "taken").unwrap_or_default() }),
    }
}
