//! Tokens by their digest.

use redb::ReadableTable;

use super::store::Store;
use super::tables::TOKENS;
use crate::event::Digested;
use crate::seam::{Answer, FindToken, Token, Tokens, Unavailable};

impl FindToken for Store {
    async fn token(&self, digest: &Digested) -> Answer<Option<Token>> {
        self.read(|read| {
            let row = read.open_table(TOKENS)?.get(&*digest.0)?;
            Ok(row.and_then(|row| serde_json::from_slice(row.value()).ok()))
        })
    }
}

impl Tokens for Store {
    async fn tokens(&self) -> Answer<Vec<Token>> {
        self.read(|read| {
            let mut tokens = Vec::new();
            for row in read.open_table(TOKENS)?.iter()? {
                tokens.extend(serde_json::from_slice::<Token>(row?.1.value()).ok());
            }
            Ok(tokens)
        })
    }

    async fn add_token(&self, token: &Token) -> Answer<()> {
        let key = token.digest.0.clone();
        let bytes = serde_json::to_vec(token).map_err(|problem| Unavailable(problem.to_string()))?;
        self.write(move |tables| {
            tables.tokens()?.insert(&*key, &*bytes)?;
            Ok(())
        })
        .await
    }

    async fn remove_token(&self, digest: &Digested) -> Answer<bool> {
        let key = digest.0.clone();
        self.write(move |tables| Ok(tables.tokens()?.remove(&*key)?.is_some())).await
    }
}
