//! The benchmark: Hookpost beside a server that does nothing and beside Debian's `webhook`, in one run;
//! its deliveries beside a bare client; its schemes beside the bare primitive; and its Lambda functions beside those of others.

mod baseline;
mod deliveries;
mod functions;
mod load;
mod million;
mod schemes;
mod servers;

use load::{Kind, Load};
use servers::{Mailing, Running};

/// Rounds, interleaved; the median of each figure is printed.
const ROUNDS: usize = 3;

/// A row of the table: a name, how to start the server, and what is posted.
struct Row {
    name: &'static str,
    start: fn() -> Running,
    kind: Kind,
}

const ROWS: [Row; 6] = [
    Row { name: "does nothing, genuine", start: servers::baseline, kind: Kind::Genuine },
    Row { name: "webhook, genuine", start: servers::webhook, kind: Kind::Genuine },
    Row { name: "hookpost, genuine, mailing off", start: || servers::hookpost(Mailing::Off), kind: Kind::Genuine },
    Row { name: "hookpost, genuine, mailing on", start: || servers::hookpost(Mailing::On), kind: Kind::Genuine },
    Row { name: "webhook, forged", start: servers::webhook, kind: Kind::Forged },
    Row { name: "hookpost, forged", start: || servers::hookpost(Mailing::Off), kind: Kind::Forged },
];

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("baseline") => return baseline::serve(),
        Some("client") => return deliveries::client::run(std::env::args().skip(2)),
        Some("deliveries") => return deliveries::run(),
        Some("replays") => return deliveries::replays::run(),
        Some("million") => return million::reopen(),
        Some("schemes") => return schemes::run(),
        Some("functions") => return functions::run(std::env::args().skip(2)),
        _ => {}
    }
    println!("1 KB bodies signed as GitHub does; medians of {ROUNDS} interleaved rounds");
    println!("each server on one processor, wrk with one thread on another\n");
    for connections in [16, 64] {
        table(connections);
    }
    million::reopen();
    println!();
    deliveries::run();
    println!();
    deliveries::replays::run();
    println!();
    schemes::run();
    println!();
    functions::run(std::iter::empty());
}

fn table(connections: usize) {
    let mut figures: Vec<Vec<Load>> = ROWS.iter().map(|_| Vec::new()).collect();
    for _ in 0..ROUNDS {
        for (row, seen) in ROWS.iter().zip(&mut figures) {
            seen.push(load::run(&(row.start)(), row.kind, connections));
        }
    }
    println!("{connections} connections");
    println!(
        "  {:<32} {:>9} {:>9} {:>9} {:>9} {:>9} {:>10} {:>9}",
        "", "answers/s", "p50 ms", "p99 ms", "CPU µs", "RSS MB", "peak MB", "mails/s"
    );
    let medians: Vec<Load> = figures.iter().map(|seen| load::median(seen)).collect();
    for (row, load) in ROWS.iter().zip(&medians) {
        println!(
            "  {:<32} {:>9.0} {:>9.2} {:>9.2} {:>9.1} {:>9.1} {:>10.1} {:>9.0}",
            row.name, load.answers, load.p50, load.p99, load.cpu, load.rest, load.peak, load.mails
        );
    }
    let ratio = |a: usize, b: usize| medians[a].answers / medians[b].answers;
    println!("  genuine, mailing off: {:.2}x webhook, {:.2}x the server that does nothing", ratio(2, 1), ratio(2, 0));
    println!("  genuine, mailing on:  {:.2}x webhook", ratio(3, 1));
    println!("  forged:               {:.2}x webhook\n", ratio(5, 4));
}
