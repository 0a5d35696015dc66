//! The caller: wrk, and what it and the kernel say afterwards.

use std::process::Command;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::servers::{Running, SECRET};

/// Seconds of load in each measurement.
const SECONDS: usize = 6;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Genuine,
    Forged,
}

/// What one measurement showed.
#[derive(Clone, Copy, Default)]
pub struct Load {
    pub answers: f64,
    pub p50: f64,
    pub p99: f64,
    /// Microseconds of the server's CPU for each answer.
    pub cpu: f64,
    pub rest: f64,
    pub peak: f64,
    pub mails: f64,
}

pub fn run(server: &Running, kind: Kind, connections: usize) -> Load {
    let script = server.folder.path().join("post.lua");
    std::fs::write(&script, lua(kind)).expect("a script");
    let before = (server.cpu(), server.mails());
    let output = Command::new("taskset")
        .args(["-c", "1", "wrk", "-t1", &format!("-c{connections}"), &format!("-d{SECONDS}s"), "--latency", "-s"])
        .arg(&script)
        .arg(format!("http://{}{}", server.address, server.path))
        .output()
        .expect("wrk");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let field =
        |name: &str| said.lines().find_map(|line| line.trim().strip_prefix(name)).map(|rest| rest.trim().to_owned());
    let count = |name: &str| field(name).and_then(|n| n.parse::<f64>().ok()).unwrap_or_default();
    let (good, bad) = (count("good"), count("bad"));
    assert!(bad == 0.0 && good > 0.0, "{bad} unexpected answers:\n{said}");
    Load {
        answers: good / SECONDS as f64,
        p50: field("50%").map(|text| milliseconds(&text)).unwrap_or_default(),
        p99: field("99%").map(|text| milliseconds(&text)).unwrap_or_default(),
        cpu: (server.cpu() - before.0) * 1e6 / good,
        rest: server.rest,
        peak: server.peak(),
        mails: (server.mails() - before.1) as f64 / SECONDS as f64,
    }
}

/// The same request again and again, and a count of the answers that are as they should be.
fn lua(kind: Kind) -> String {
    let body = format!("{{\"ref\": \"refs/heads/main\", \"padding\": \"{}\"}}", "x".repeat(1024 - 45));
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("a key");
    mac.update(body.as_bytes());
    let mut signature = hex::encode(mac.finalize().into_bytes());
    if kind == Kind::Forged {
        signature = "0".repeat(64);
    }
    let good = if kind == Kind::Genuine { "status == 202 or status == 200" } else { "status == 401 or status == 500" };
    format!(
        r#"
wrk.method = "POST"
wrk.body = '{body}'
wrk.headers["Content-Type"] = "application/json"
wrk.headers["X-GitHub-Event"] = "push"
wrk.headers["X-Hub-Signature-256"] = "sha256={signature}"
good, bad = 0, 0
function setup(thread) all = thread end
function response(status) if {good} then good = good + 1 else bad = bad + 1 end end
function done() print("good " .. all:get("good")) print("bad " .. all:get("bad")) end
"#
    )
}

fn milliseconds(text: &str) -> f64 {
    let (number, unit) = text.split_at(text.find(|c: char| c.is_alphabetic()).unwrap_or(text.len()));
    let number: f64 = number.parse().unwrap_or_default();
    match unit {
        "us" => number / 1_000.0,
        "s" => number * 1_000.0,
        _ => number,
    }
}

/// The median of each figure.
pub fn median(loads: &[Load]) -> Load {
    let middle = |figure: fn(&Load) -> f64| {
        let mut figures: Vec<f64> = loads.iter().map(figure).collect();
        figures.sort_by(f64::total_cmp);
        figures[figures.len() / 2]
    };
    Load {
        answers: middle(|load| load.answers),
        p50: middle(|load| load.p50),
        p99: middle(|load| load.p99),
        cpu: middle(|load| load.cpu),
        rest: middle(|load| load.rest),
        peak: middle(|load| load.peak),
        mails: middle(|load| load.mails),
    }
}
