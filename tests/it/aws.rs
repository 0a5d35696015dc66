//! What is special on AWS: which calls are made, what SES may refuse, where a function may die.

mod calls;
mod crash;
mod deaths;
mod events;
mod feeds;
mod privilege;
mod providers;
mod refusals;
mod runtime;
mod schedules;
mod sending;
mod sources;
mod status;
