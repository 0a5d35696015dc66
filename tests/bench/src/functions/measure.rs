//! One measurement: a start, or a thousand warm events.

use std::time::{Duration, Instant};

use super::contenders::{Contender, Job, Maker, Programs, ROWS, at};
use super::events::{self, Event};
use super::process::Process;
use super::runtime::Runtime;
use super::standin::{Counts, StandIn};

pub const WARM_UP: usize = 100;
pub const EVENTS: usize = 1_000;
const SLOW_BATCHES: usize = 20;

/// Milliseconds from the start of the process.
#[derive(Clone, Copy)]
pub struct Start {
    /// To the first question for an event.
    pub init: f64,
    /// To the first answer.
    pub first: f64,
    /// On a processor until it asked for the second event: what others do on this machine adds little.
    pub cpu: f64,
}

/// Microseconds, and MiB.
#[derive(Clone, Copy)]
pub struct Warm {
    pub p50: f64,
    pub p99: f64,
    pub cpu: f64,
    pub peak: f64,
    /// Made for all events together.
    pub calls: Counts,
}

/// Everything that a measurement needs.
pub struct Bench {
    programs: Programs,
    runtime: Runtime,
    services: StandIn,
    /// The event of each row.
    events: Vec<Event>,
}

impl Bench {
    pub fn new(programs: Programs) -> Self {
        let mut bench = Self { programs, runtime: Runtime::start(), services: StandIn::start(), events: Vec::new() };
        bench.events = ROWS.iter().map(|row| bench.event(row)).collect();
        bench
    }

    /// A mailer is fed what the listener of the same maker has put into the queue.
    fn event(&self, row: &Contender) -> Event {
        match row.job {
            Job::Ignore => events::ignored(),
            Job::Accept => events::webhook(true),
            Job::Refuse => events::webhook(false),
            Job::Deliver => events::turns("quick"),
            Job::Mail => {
                let listener = &ROWS[at(row.maker, Job::Accept)];
                drop(self.begin(listener, &events::webhook(true)));
                events::batch(&self.services.message())
            }
        }
    }

    /// Starts the function and waits until it has answered its first event.
    fn begin(&self, row: &Contender, event: &Event) -> (Process, Start) {
        self.runtime.expect(event);
        let command = self.programs.command(row, self.runtime.address, self.services.address);
        let process = Process::start(command);
        let (asked, answered) = self.runtime.first();
        let since = |moment: Instant| (moment - process.started).as_secs_f64() * 1e3;
        let start = Start { init: since(asked), first: since(answered), cpu: process.cpu() as f64 / 1e6 };
        (process, start)
    }

    pub fn start(&self, row: usize) -> Start {
        self.begin(&ROWS[row], &self.events[row]).1
    }

    /// Milliseconds for a batch whose receiver takes 50 for each.
    pub fn slow_batch(&self) -> f64 {
        let (_process, _) = self.begin(&ROWS[at(Maker::Hookpost, Job::Deliver)], &events::turns("slow"));
        let mut spans = self.runtime.feed(SLOW_BATCHES);
        spans.sort();
        spans[SLOW_BATCHES / 2].as_secs_f64() * 1e3
    }

    pub fn warm(&self, row: usize) -> Warm {
        let (process, _) = self.begin(&ROWS[row], &self.events[row]);
        self.runtime.feed(WARM_UP - 1);
        let before = (process.cpu(), self.services.counts());
        let mut spans = self.runtime.feed(EVENTS);
        let (cpu, after) = (process.cpu() - before.0, self.services.counts());
        spans.sort();
        let microseconds = |span: Duration| span.as_secs_f64() * 1e6;
        Warm {
            p50: microseconds(spans[EVENTS / 2]),
            p99: microseconds(spans[EVENTS * 99 / 100]),
            cpu: cpu as f64 / 1e3 / EVENTS as f64,
            peak: process.peak(),
            calls: std::array::from_fn(|call| after[call] - before.1[call]),
        }
    }
}
