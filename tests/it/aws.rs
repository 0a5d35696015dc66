//! What is special on AWS: which calls are made, what SES may refuse, where a function may die.

mod calls;
mod crash;
mod events;
mod privilege;
mod refusals;
mod runtime;
mod sources;
mod status;
