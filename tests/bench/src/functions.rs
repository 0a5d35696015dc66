//! The Lambda functions, fed by a Runtime API of our own, beside a handler that does nothing and beside
//! the same job in Node.js and Python.

mod contenders;
mod events;
mod measure;
pub mod process;
mod report;
mod runtime;
mod standin;
mod wire;

use std::path::PathBuf;

use crate::ROUNDS;
use crate::servers::beside;
use contenders::{Job, Programs, ROWS};
use measure::{Bench, Start, Warm};
use report::Figures;

/// Starts of each row: many of those that take milliseconds.
const STARTS: usize = 15;
const SLOW_STARTS: usize = 5;

/// `folders`: where our functions lie, and what `lambda/setup` made; both have a usual place.
pub fn run(mut folders: impl Iterator<Item = String>) {
    let mut folder = |usual: &str| folders.next().map_or_else(|| beside(usual), PathBuf::from);
    let programs = Programs { functions: folder(""), baselines: folder("../baselines") };
    for file in [Job::Accept, Job::Mail, Job::Deliver].map(|job| programs.ours(job)) {
        assert!(file.exists(), "{} is not there", file.display());
    }
    // In a thread of its own, which ends: what is measured afterwards has all processors.
    std::thread::spawn(move || measure(programs)).join().expect("a measurement");
}

fn measure(programs: Programs) {
    process::settle();
    println!("Lambda functions: 1 KB bodies signed as GitHub does, every function on one processor, what feeds it");
    println!("on another; medians of {ROUNDS} interleaved rounds and of {STARTS} or {SLOW_STARTS} starts");
    let bench = Bench::new(programs.clone());
    let figures: Vec<Figures> =
        starts(&bench).iter().zip(warm(&bench)).map(|(starts, warm)| Figures::medians(starts, &warm)).collect();
    report::table(&figures);
    report::targets(&figures);
    report::deliverer(&figures, bench.slow_batch());
    report::calls(&figures);
    report::sizes(&programs);
}

fn starts(bench: &Bench) -> Vec<Vec<Start>> {
    let mut seen: Vec<Vec<Start>> = ROWS.iter().map(|_| Vec::new()).collect();
    for round in 0..STARTS {
        for (row, seen) in seen.iter_mut().enumerate() {
            if ROWS[row].is_quick() || round < SLOW_STARTS {
                seen.push(bench.start(row));
            }
        }
    }
    seen
}

fn warm(bench: &Bench) -> Vec<Vec<Warm>> {
    let mut seen: Vec<Vec<Warm>> = ROWS.iter().map(|_| Vec::new()).collect();
    for _ in 0..ROUNDS {
        for (row, seen) in seen.iter_mut().enumerate() {
            seen.push(bench.warm(row));
        }
    }
    seen
}
