//! How much longer one thing takes than another, and how much memory.

use std::time::{Duration, Instant};

const ROUNDS: usize = 9;
const ROUND: Duration = Duration::from_millis(3);

/// How many times as long the first takes as the second: the median of interleaved rounds.
pub fn ratio(ours: impl Fn(), bare: impl Fn()) -> f64 {
    let often = times(&bare);
    let mut ratios: Vec<_> = (0..ROUNDS).map(|_| took(&ours, often) / took(&bare, often)).collect();
    ratios.sort_by(f64::total_cmp);
    ratios[ROUNDS / 2]
}

/// How often it is done in one round.
fn times(work: &impl Fn()) -> usize {
    let (start, mut often) = (Instant::now(), 0);
    while start.elapsed() < ROUND {
        work();
        often += 1;
    }
    often
}

fn took(work: &impl Fn(), often: usize) -> f64 {
    let start = Instant::now();
    (0..often).for_each(|_| work());
    start.elapsed().as_secs_f64()
}

/// What it adds to the resident set at most, in bytes.
pub fn peak(work: impl Fn()) -> u64 {
    work();
    // Sets the peak back to what is resident now.
    if std::fs::write("/proc/self/clear_refs", "5").is_err() {
        return 0;
    }
    let before = status("VmRSS:");
    work();
    status("VmHWM:").saturating_sub(before)
}

fn status(name: &str) -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").expect("a status");
    let line = text.lines().find_map(|line| line.strip_prefix(name)).expect("a figure");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1_024
}
