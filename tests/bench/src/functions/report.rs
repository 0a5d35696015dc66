//! What is printed: the table, what was to be reached, the calls, the sizes.

use std::path::Path;
use std::process::Command;

use super::contenders::{Job, Maker, Programs, ROWS, at};
use super::events::TURNS;
use super::measure::{EVENTS, Start, WARM_UP, Warm};
use super::standin::CALLS;

/// The medians of a row.
pub struct Figures {
    pub start: Start,
    pub warm: Warm,
}

impl Figures {
    pub fn medians(starts: &[Start], warm: &[Warm]) -> Self {
        let of = |figure: fn(&Warm) -> f64| median(warm.iter().map(figure));
        let start = Start {
            init: median(starts.iter().map(|start| start.init)),
            first: median(starts.iter().map(|start| start.first)),
            cpu: median(starts.iter().map(|start| start.cpu)),
        };
        let (p50, p99, cpu) = (of(|warm| warm.p50), of(|warm| warm.p99), of(|warm| warm.cpu));
        Self { start, warm: Warm { p50, p99, cpu, peak: of(|warm| warm.peak), calls: warm[0].calls } }
    }
}

fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

pub fn table(figures: &[Figures]) {
    println!("{EVENTS} warm events after {WARM_UP} for warming up\n");
    println!(
        "  {:<28} {:>8} {:>9} {:>9} {:>8} {:>8} {:>8} {:>9}",
        "", "init ms", "first ms", "CPU ms", "p50 µs", "p99 µs", "CPU µs", "peak MiB"
    );
    for (row, Figures { start, warm }) in ROWS.iter().zip(figures) {
        println!(
            "  {:<28} {:>8.1} {:>9.1} {:>9.1} {:>8.0} {:>8.0} {:>8.0} {:>9.1}",
            row.name, start.init, start.first, start.cpu, warm.p50, warm.p99, warm.cpu, warm.peak
        );
    }
    println!();
}

/// Prints a figure beside what it should be at most.
fn most(what: &str, figure: f64, unit: &str, reach: f64, goal: Option<f64>) {
    let goal = goal.map(|goal| format!(", goal {goal}{unit}")).unwrap_or_default();
    line(what, figure, unit, &format!("at most {reach}{unit}{goal}"), Some(figure <= reach));
}

fn least(what: &str, figure: f64, reach: f64, goal: f64) {
    line(what, figure, "x", &format!("at least {reach}x, goal {goal}x"), Some(figure >= reach));
}

fn line(what: &str, figure: f64, unit: &str, wanted: &str, is_met: Option<bool>) {
    let verdict = is_met.map_or("", |is_met| if is_met { "reached" } else { "MISSED" });
    println!("  {what:<44} {:>12} {verdict:>8}  {wanted}", format!("{figure:.2}{unit}"));
}

pub fn targets(figures: &[Figures]) {
    let of = |maker, job| &figures[at(maker, job)];
    let nothing = of(Maker::DoesNothing, Job::Ignore);
    let (accept, refuse) = (of(Maker::Hookpost, Job::Accept), of(Maker::Hookpost, Job::Refuse));
    println!("What was to be reached");
    most("listener, start to first 202", accept.start.first, " ms", 12.0, None);
    line("listener, init", accept.start.init, " ms", "", None);
    most("listener, init over doing nothing", accept.start.init / nothing.start.init, "x", 2.0, None);
    line("listener, CPU of a start over doing nothing", accept.start.cpu / nothing.start.cpu, "x", "", None);
    most("accept, CPU over doing nothing", accept.warm.cpu / nothing.warm.cpu, "x", 3.5, Some(2.0));
    most("refuse, CPU over doing nothing", refuse.warm.cpu / nothing.warm.cpu, "x", 1.15, None);
    most("listener, peak memory", accept.warm.peak, " MiB", 12.0, Some(8.0));
    for (maker, name) in [(Maker::Node, "Node"), (Maker::Python, "Python")] {
        for (job, does) in [(Job::Accept, "accept"), (Job::Refuse, "refuse"), (Job::Mail, "mail")] {
            let (ours, theirs) = (of(Maker::Hookpost, job), of(maker, job));
            least(&format!("{name} over ours, {does}: start"), theirs.start.first / ours.start.first, 20.0, 50.0);
            least(&format!("{name} over ours, {does}: CPU"), theirs.warm.cpu / ours.warm.cpu, 6.0, 10.0);
            least(&format!("{name} over ours, {does}: memory"), theirs.warm.peak / ours.warm.peak, 4.0, 5.0);
        }
    }
    println!();
}

pub fn deliverer(figures: &[Figures], slow_batch: f64) {
    let figures = |maker, job| &figures[at(maker, job)];
    let (nothing, ours) = (figures(Maker::DoesNothing, Job::Ignore), figures(Maker::Hookpost, Job::Deliver));
    println!("Deliverer: a batch of {TURNS}, four calls of the table and one post for each");
    most("init over doing nothing", ours.start.init / nothing.start.init, "x", 2.0, None);
    line("CPU for each delivery", ours.warm.cpu / TURNS as f64, " µs", "", None);
    most("a batch, where receivers take 50 ms each", slow_batch, " ms", 75.0, None);
    println!();
}

pub fn calls(figures: &[Figures]) {
    println!("Calls for each warm event");
    for (row, Figures { warm, .. }) in ROWS.iter().zip(figures).filter(|(row, _)| row.maker == Maker::Hookpost) {
        let names = CALLS.iter().map(|(name, _)| *name).chain(["unknown"]);
        let made = names.zip(warm.calls).filter(|(_, count)| *count > 0);
        let made: Vec<String> =
            made.map(|(name, count)| format!("{:.3} {name}", count as f64 / EVENTS as f64)).collect();
        println!("  {:<28} {}", row.name, if made.is_empty() { "none".to_owned() } else { made.join(", ") });
    }
    println!();
}

pub fn sizes(programs: &Programs) {
    println!("Size of what is uploaded, at most 5 MB");
    for (name, job) in [("listener", Job::Accept), ("mailer", Job::Mail), ("deliverer", Job::Deliver)] {
        let bytes = zipped(&programs.ours(job), &programs.baselines);
        let verdict = if bytes <= 5_000_000 { "reached" } else { "MISSED" };
        println!("  {name:<28} {bytes:>12} bytes {verdict}");
    }
}

/// By Info-ZIP, or by Python, which packs a little less tightly.
fn zipped(program: &Path, baselines: &Path) -> u64 {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::copy(program, folder.path().join("bootstrap")).expect("a copy");
    let files = ["function.zip", "bootstrap"];
    let packed =
        |command: &mut Command| command.args(files).current_dir(folder.path()).status().is_ok_and(|it| it.success());
    let is_packed = packed(Command::new("zip").args(["-9", "-q"]))
        || packed(Command::new(baselines.join("python/venv/bin/python")).args(["-m", "zipfile", "-c"]));
    assert!(is_packed, "neither zip nor Python");
    std::fs::metadata(folder.path().join("function.zip")).expect("a file").len()
}
