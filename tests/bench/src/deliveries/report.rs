//! What is printed: the table, and what was to be reached.

use super::figures::{Full, Round, Spans, median};
use super::{EVENTS, EVENTS_OF_OTHERS, OTHERS, WAITING, WIDE, WIDE_EVENTS};
use crate::ROUNDS;

type Of<T> = fn(&Round) -> T;

const FULL: [(&str, Of<Full>); 6] = [
    ("drain, one endpoint", |round| round.drain),
    ("drain, a receiver that takes 50 ms", |round| round.slow),
    ("create and deliver, one endpoint", |round| round.to_one),
    ("create and deliver, 100 endpoints", |round| round.to_hundred),
    ("drain, 10 endpoints", |round| round.healthy),
    ("drain, 10 beside one that times out", |round| round.beside_late),
];

const REACH: [(&str, Of<Spans>); 5] = [
    ("write and fdatasync of 4 KB", |round| round.disk),
    ("event to receipt, one endpoint", |round| round.reach_one),
    ("event to receipt, 100 endpoints", |round| round.reach_hundred),
    ("event to receipt, 10 endpoints", |round| round.reach_healthy),
    ("the same, beside one that times out", |round| round.reach_beside_late),
];

pub fn table(rounds: &[Round], late: Spans) {
    println!("Deliveries of 1 KB, program and client on one processor, receivers and emitter on another;");
    println!("medians of {ROUNDS} interleaved rounds: {WAITING} waiting, {EVENTS} events to one endpoint,");
    println!("{WIDE_EVENTS} to {WIDE}, {EVENTS_OF_OTHERS} to {OTHERS}; half load where spans are measured\n");
    println!(
        "  {:<38} {:>12} {:>9} {:>9} {:>9} {:>9}",
        "", "deliveries/s", "CPU ms", "x client", "in flight", "peak MB"
    );
    let client = (median(rounds, |it| it.client.rate), median(rounds, |it| it.client.cpu));
    println!("  {:<38} {:>12.0} {:>9.3} {:>9.2}", "a bare client, 64 in flight", client.0, client.1, 1.0);
    for (name, of) in FULL {
        let (rate, cpu) = (median(rounds, |it| of(it).rate), median(rounds, |it| of(it).cpu));
        let (peak, most) = (median(rounds, |it| of(it).peak), median(rounds, |it| of(it).most as f64));
        let most = if most == 0.0 { String::new() } else { most.to_string() };
        println!("  {name:<38} {rate:>12.0} {cpu:>9.3} {:>9.2} {most:>9} {peak:>9.1}", client.1 / cpu);
    }
    println!("\n  {:<38} {:>12} {:>9}", "", "p50 ms", "p99 ms");
    for (name, of) in REACH {
        println!("  {name:<38} {:>12.2} {:>9.2}", median(rounds, |it| of(it).p50), median(rounds, |it| of(it).p99));
    }
    println!("  {:<38} {:>12.2} {:>9.2}\n", "second attempt after it was due", late.p50, late.p99);
}

/// Prints a figure beside what it should be.
fn line(what: &str, figure: f64, unit: &str, wanted: &str, is_met: bool) {
    let verdict = if is_met { "reached" } else { "MISSED" };
    println!("  {what:<46} {:>12} {verdict:>8}  {wanted}", format!("{figure:.2}{unit}"));
}

fn most(what: &str, figure: f64, unit: &str, reach: f64) {
    line(what, figure, unit, &format!("at most {reach:.2}{unit}"), figure <= reach);
}

fn least(what: &str, figure: f64, unit: &str, reach: f64) {
    line(what, figure, unit, &format!("at least {reach}{unit}"), figure >= reach);
}

pub fn targets(rounds: &[Round], late: Spans) {
    let of = |figure: Of<f64>| median(rounds, figure);
    println!("What was to be reached");
    least("drain", of(|it| it.drain.rate), "/s", 6_500.0);
    most("drain, CPU for each", of(|it| it.drain.cpu), " ms", 0.15);
    least("drain, over a bare client per processor", of(|it| it.client.cpu / it.drain.cpu), "x", 0.5);
    least("in flight at one endpoint", of(|it| it.slow.most as f64), "", 64.0);
    let disk = of(|it| it.disk.p99);
    for (name, of_round) in [REACH[1], REACH[2]] {
        most(&format!("{name}, p50"), median(rounds, |it| of_round(it).p50), " ms", 4.0);
        most(&format!("{name}, p99"), median(rounds, |it| of_round(it).p99), " ms", 3.0 * disk);
    }
    most("lateness of a second attempt, p99", late.p99, " ms", 100.0);
    let peak = FULL.iter().map(|(_, full)| median(rounds, |it| full(it).peak)).fold(0.0, f64::max);
    most("peak memory", peak, " MB", 64.0);
    let cost = of(|it| 100.0 * (1.0 - it.beside_late.rate / it.healthy.rate));
    most("what one that times out costs 10 others, rate", cost, " %", 5.0);
    let cost = of(|it| 100.0 * (it.reach_beside_late.p99 / it.reach_healthy.p99 - 1.0));
    most("the same, p99", cost, " %", 5.0);
}
