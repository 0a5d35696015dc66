//! The AWS world on this machine: an emulator, a wire to it that is watched, stacks, and functions alone.

mod emulator;
mod function;
mod log;
mod outbound;
mod sending;
mod stack;
mod wire;

pub use emulator::Emulator;
pub use function::{Function, built};
pub use stack::Stack;
use wire::Wire;
pub use wire::{Bend, Call};
