//! Hookpost as its users meet it: stories told through the real program, and promises put to the test.

mod admission;
mod applying;
mod aws;
mod configuration;
mod conformance;
mod console;
mod crash;
mod dead;
mod durability;
mod harness;
mod hostile;
mod interop;
mod mailing;
mod news;
mod outbound;
mod patience;
mod receiving;
mod schedule;
mod sending;
mod store;
mod template;
mod tidy;
