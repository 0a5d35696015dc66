//! Tables for a terminal: columns in line, figures as people say them.

use std::time::Duration;

use shared::seam::MOST_COUNTED;

/// An address longer than this is cut.
const LONGEST: usize = 60;

const MINUTE: u64 = 60;
const HOUR: u64 = 3_600;
const DAY: u64 = 86_400;

/// One line; what is empty is shown as `-`. The last column may be as long as it likes.
pub(crate) struct Row<const N: usize>(pub(crate) [String; N]);

pub(crate) fn table<const N: usize>(head: &[&str; N], rows: &[Row<N>]) -> String {
    let head = Row(head.map(str::to_owned));
    let mut widths = [0; N];
    for Row(cells) in [&head].into_iter().chain(rows) {
        for (width, cell) in widths.iter_mut().zip(cells) {
            *width = (*width).max(cell.chars().count()).max(1);
        }
    }
    [&head].into_iter().chain(rows).map(|row| row.line(&widths)).collect()
}

impl<const N: usize> Row<N> {
    fn line(&self, widths: &[usize; N]) -> String {
        let cells = self.0.iter().zip(widths);
        let cells = cells.map(|(cell, width)| format!("{:<width$}", if cell.is_empty() { "-" } else { cell }));
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    }
}

pub(crate) fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some(_) => format!("{}…", text.chars().take(LONGEST - 1).collect::<String>()),
        None => text.to_owned(),
    }
}

/// Cut, never rounded up: 100% means all.
pub(crate) fn percent(share: f64) -> String {
    let tenths = (share * 1_000.0).floor() as u64;
    if tenths.is_multiple_of(10) { format!("{}%", tenths / 10) } else { format!("{}.{}%", tenths / 10, tenths % 10) }
}

pub(crate) fn milliseconds(number: u64) -> String {
    match number {
        0..1_000 => format!("{number}ms"),
        _ if number.is_multiple_of(1_000) => format!("{}s", number / 1_000),
        _ => format!("{}.{}s", number / 1_000, number % 1_000 / 100),
    }
}

/// In its largest unit.
pub(crate) fn span(span: Duration) -> String {
    match span.as_secs() {
        seconds @ 0..MINUTE => format!("{seconds}s"),
        seconds @ MINUTE..HOUR => format!("{}m", seconds / MINUTE),
        seconds @ HOUR..DAY => format!("{}h", seconds / HOUR),
        seconds => format!("{}d", seconds / DAY),
    }
}

pub(crate) fn ahead(wait: Duration) -> String {
    if wait.is_zero() { "now".into() } else { format!("in {}", span(wait)) }
}

/// A number that is counted no further than [`MOST_COUNTED`].
pub(crate) fn counted(number: u64) -> String {
    if number >= u64::from(MOST_COUNTED) { format!("{MOST_COUNTED}+") } else { number.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_said_shortly_and_never_too_well() {
        assert_eq!([1.0, 0.9999, 0.5, 0.0].map(percent), ["100%", "99.9%", "50%", "0%"]);
        assert_eq!([25, 1_000, 2_500, 30_000].map(milliseconds), ["25ms", "1s", "2.5s", "30s"]);
        assert_eq!([0, 59, 60, 7_300, 200_000].map(|s| span(Duration::from_secs(s))), ["0s", "59s", "1m", "2h", "2d"]);
        assert_eq!([0, 9_999, 10_000].map(counted), ["0", "9999", "10000+"]);
        assert_eq!((&*ahead(Duration::ZERO), &*ahead(Duration::from_secs(90))), ("now", "in 1m"));
    }

    #[test]
    fn columns_are_in_line_whatever_stands_in_them() {
        let row = |name: &str, last: &str| Row([name, "é", "", "", "", "", "", last].map(str::to_owned));
        let shown = table(&["A", "B", "C", "D", "E", "F", "G", "H"], &[row("shop-number-one", "on"), row("b", "")]);
        let at = |line: &str, what: char| line.chars().position(|c| c == what);
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!((at(lines[0], 'B'), at(lines[1], 'é'), at(lines[2], 'é')), (Some(17), Some(17), Some(17)));
        assert_eq!((at(lines[0], 'H'), lines[1].chars().count() - 2), (Some(35), 35));
        assert!(lines.iter().all(|line| !line.ends_with(' ')), "{shown}");
        assert_eq!(shortened(&"x".repeat(61)).chars().count(), 60);
    }
}
