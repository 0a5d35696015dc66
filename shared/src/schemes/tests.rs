//! The rows against what their providers publish, and against everything that is not it.

mod combined;
mod fields;
mod fuzz;
mod github;
mod gitlab;
pub(crate) mod keys;
mod made;
mod public;
mod public_keys;
mod published;
mod rows;
mod standard;
mod table;
mod tokens;
