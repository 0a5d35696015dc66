//! The disk alone: 4 KB written and synced, again and again.

use std::io::{Seek, SeekFrom, Write};
use std::time::{Duration, Instant};

use super::figures::Spans;
use super::fill;

const LONG: Duration = Duration::from_secs(1);

pub fn measure() -> Spans {
    let folder = fill::folder();
    let mut file = std::fs::File::create(folder.path().join("file")).expect("a file");
    let (began, mut spans) = (Instant::now(), Vec::new());
    while began.elapsed() < LONG {
        let start = Instant::now();
        file.seek(SeekFrom::Start(0)).and_then(|_| file.write_all(&[7; 4_096])).expect("a disk");
        file.sync_data().expect("a disk");
        spans.push(start.elapsed());
    }
    Spans::of(spans)
}
