//! A function's process: started on its own processor, watched, killed when it is no longer measured.

use std::fs::{self, File};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use rustix::thread::{CpuSet, sched_setaffinity};

use crate::servers;

/// The function has one processor for itself; the Runtime API and the services share the other.
const FUNCTION: usize = 0;
const HARNESS: usize = 1;

pub struct Process {
    pub started: Instant,
    child: Child,
}

/// From here on this thread, and those that it starts, stay on the harness's processor.
pub fn settle() {
    pin(HARNESS);
}

fn pin(processor: usize) {
    let mut set = CpuSet::new();
    set.set(processor);
    sched_setaffinity(None, &set).expect("two processors");
}

impl Process {
    /// What it logs goes to a file, which is the least that a log costs.
    pub fn start(mut command: Command) -> Self {
        let path = servers::data().join("functions.log");
        let log = File::create(path).expect("a log");
        command.stdin(Stdio::null()).stdout(log.try_clone().expect("a log")).stderr(log);
        // It inherits the processor: `taskset` would be part of its start.
        pin(FUNCTION);
        let started = Instant::now();
        let child = command.spawn().expect("a function");
        pin(HARNESS);
        Self { started, child }
    }

    /// Nanoseconds that its threads were on a processor, user and system, when all of them are at rest.
    pub fn cpu(&self) -> u64 {
        let threads = fs::read_dir(format!("/proc/{}/task", self.child.id())).expect("threads");
        let stats = threads.filter_map(|thread| fs::read_to_string(thread.ok()?.path().join("schedstat")).ok());
        stats.filter_map(|stat| stat.split(' ').next()?.parse::<u64>().ok()).sum()
    }

    /// The most memory that it had at once, in MiB.
    pub fn peak(&self) -> f64 {
        servers::memory(self.child.id(), "VmHWM:")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
