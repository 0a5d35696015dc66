//! What a round shows, and the middle of several.

use std::time::Duration;

use super::client;

/// Milliseconds.
#[derive(Clone, Copy)]
pub struct Spans {
    pub p50: f64,
    pub p99: f64,
}

impl Spans {
    pub fn of(mut spans: Vec<Duration>) -> Self {
        spans.sort();
        let at = |percent: usize| spans[(spans.len() - 1) * percent / 100].as_secs_f64() * 1e3;
        Self { p50: at(50), p99: at(99) }
    }
}

/// A scene in which the program has as much to do as it can.
#[derive(Clone, Copy)]
pub struct Full {
    /// Deliveries a second.
    pub rate: f64,
    /// Milliseconds of CPU for each.
    pub cpu: f64,
    /// MB.
    pub peak: f64,
    /// The most in flight, where the receiver is slow enough to see it.
    pub most: usize,
}

/// Everything that is measured three times.
pub struct Round {
    pub client: client::Figures,
    pub drain: Full,
    pub slow: Full,
    pub to_one: Full,
    pub to_hundred: Full,
    pub disk: Spans,
    pub reach_one: Spans,
    pub reach_hundred: Spans,
    pub healthy: Full,
    pub beside_late: Full,
    pub reach_healthy: Spans,
    pub reach_beside_late: Spans,
}

pub fn median(rounds: &[Round], figure: impl Fn(&Round) -> f64) -> f64 {
    let mut figures: Vec<f64> = rounds.iter().map(figure).collect();
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
