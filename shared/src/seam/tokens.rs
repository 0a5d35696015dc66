//! Tokens that an owner made, each good for one thing.

use std::future::Future;

use serde::{Deserialize, Serialize};

use super::Answer;
use crate::event::Digested;
use crate::timestamp::Timestamp;

/// What a token is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// To emit events.
    Events,
}

/// A token, but for itself: of that, only the digest is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    pub digest: Digested,
    pub scope: Scope,
    pub made: Timestamp,
}

/// Finds a token by what is kept of it.
pub trait FindToken {
    fn token(&self, digest: &Digested) -> impl Future<Output = Answer<Option<Token>>> + Send;
}

/// What the owner does with tokens.
pub trait Tokens: FindToken {
    fn tokens(&self) -> impl Future<Output = Answer<Vec<Token>>> + Send;

    fn add_token(&self, token: &Token) -> impl Future<Output = Answer<()>> + Send;

    /// `false` if there is no such token.
    fn remove_token(&self, digest: &Digested) -> impl Future<Output = Answer<bool>> + Send;
}
