//! Tokens: a row each, by its digest.

use std::time::Duration;

use super::events::{Row, string};
use super::failure::{DYNAMODB, conditional, unavailable};
use super::outbound::Outbound;
use super::store::text;
use crate::event::Digested;
use crate::seam::{Answer, FindToken, Token, Tokens, Unavailable};

const PARTITION: &str = "token";

/// How long a token is good that was taken back, where it was used just before.
const FRESH: Duration = Duration::from_secs(10);

impl FindToken for Outbound {
    async fn token(&self, digest: &Digested) -> Answer<Option<Token>> {
        if let Some(known) = self.tokens.get(&digest.0) {
            return Ok(Some(known));
        }
        let get = self.table.client.get_item().table_name(&self.table.name).consistent_read(true);
        let got = get.key("pk", text(PARTITION)).key("sk", text(&*digest.0)).send().await;
        let found = got.map_err(|failure| unavailable(DYNAMODB, failure))?.item.as_ref().and_then(read);
        if let Some(token) = &found {
            self.tokens.put(digest.0.clone(), token.clone(), FRESH);
        }
        Ok(found)
    }
}

impl Tokens for Outbound {
    async fn tokens(&self) -> Answer<Vec<Token>> {
        let (mut tokens, mut next) = (Vec::new(), None);
        loop {
            let query = self.table.client.query().table_name(&self.table.name).consistent_read(true);
            let query = query.key_condition_expression("pk = :token").set_exclusive_start_key(next);
            let page = query.expression_attribute_values(":token", text(PARTITION)).send().await;
            let page = page.map_err(|failure| unavailable(DYNAMODB, failure))?;
            tokens.extend(page.items.unwrap_or_default().iter().filter_map(read));
            next = page.last_evaluated_key;
            if next.is_none() {
                return Ok(tokens);
            }
        }
    }

    async fn add_token(&self, token: &Token) -> Answer<()> {
        let written = serde_json::to_string(token).map_err(|problem| Unavailable(problem.to_string()))?;
        let put = self.table.client.put_item().table_name(&self.table.name);
        let put = put.item("pk", text(PARTITION)).item("sk", text(&*token.digest.0)).item("label", text(written));
        put.send().await.map_err(|failure| unavailable(DYNAMODB, failure))?;
        Ok(())
    }

    async fn remove_token(&self, digest: &Digested) -> Answer<bool> {
        self.tokens.forget(&digest.0);
        let delete = self.table.client.delete_item().table_name(&self.table.name);
        let delete = delete.key("pk", text(PARTITION)).key("sk", text(&*digest.0));
        conditional(delete.condition_expression("attribute_exists(pk)").send().await)
    }
}

fn read(row: &Row) -> Option<Token> {
    serde_json::from_str(string(row, "label")?).ok()
}
