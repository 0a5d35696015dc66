//! `kill -9` at random moments under load: every 202 ends as an e-mail.

mod outbound;
mod replays;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::harness::{Hookpost, MailServer, PASSWORD, Received, Setup, try_post};

const KILLS: usize = 25;

/// Mails that may be between the mail server and the record when the process dies.
const AT_ONCE: usize = 8;

/// A xorshift: moments of death that differ from run to run and are printed with a failure.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// What the callers know.
struct Load {
    address: Mutex<SocketAddr>,
    /// The markers of the webhooks that were answered 202.
    accepted: Mutex<Vec<String>>,
    ends: AtomicBool,
    next: AtomicUsize,
}

impl Load {
    fn post_until_the_end(&self) {
        while !self.ends.load(Ordering::SeqCst) {
            let n = self.next.fetch_add(1, Ordering::SeqCst);
            let marker = format!("marker-{n:08}-");
            // Every eighth is big enough to be kept apart.
            let padding = if n.is_multiple_of(8) { 80_000 } else { 10 };
            let body = format!("{marker}{}", "x".repeat(padding));
            let address = *self.address.lock().expect("an address");
            let headers = [("authorization", &*format!("Bearer {PASSWORD}"))];
            match try_post(address, "/in", &headers, body.as_bytes()) {
                Ok(answer) if answer.status == 202 => self.accepted.lock().expect("a list").push(marker),
                _ => thread::sleep(Duration::from_millis(5)),
            }
        }
    }
}

#[test]
fn kill_9_loses_nothing_that_was_accepted() {
    let server = MailServer::start();
    let mut hookpost = Setup::default().with("SMTP_URL", server.url()).with("MAIL_FROM", "post@example.com").start();
    let load = Load {
        address: Mutex::new(hookpost.address),
        accepted: Mutex::default(),
        ends: AtomicBool::new(false),
        next: AtomicUsize::new(0),
    };
    let seed = Instant::now().elapsed().as_nanos() as u64 ^ u64::from(std::process::id()) << 20 | 1;
    let kills = thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| load.post_until_the_end());
        }
        let kills = kill_often(&mut hookpost, &load, Random(seed));
        load.ends.store(true, Ordering::SeqCst);
        kills
    });
    hookpost.settle();
    judge(&server.mails(), &load.accepted.into_inner().expect("a list"), &kills);
}

fn kill_often(hookpost: &mut Hookpost, load: &Load, mut random: Random) -> Vec<Instant> {
    let mut kills = Vec::new();
    for _ in 0..KILLS {
        thread::sleep(Duration::from_millis(30 + random.below(400)));
        kills.push(Instant::now());
        hookpost.kill_and_restart();
        *load.address.lock().expect("an address") = hookpost.address;
    }
    thread::sleep(Duration::from_millis(200));
    kills
}

fn judge(mails: &[Received], accepted: &[String], kills: &[Instant]) {
    let mut arrivals: HashMap<String, Vec<Instant>> = HashMap::new();
    for mail in mails {
        let at = mail.data.find("marker-").expect("a marker");
        arrivals.entry(mail.data[at..at + 16].to_owned()).or_default().push(mail.at);
    }
    let missing: Vec<_> = accepted.iter().filter(|marker| !arrivals.contains_key(*marker)).collect();
    assert!(missing.is_empty(), "{} of {} are missing: {missing:?}", missing.len(), accepted.len());
    let mut twice = 0;
    for (marker, times) in arrivals.iter().filter(|(_, times)| times.len() > 1) {
        twice += times.len() - 1;
        for pair in times.windows(2) {
            let between = kills.iter().any(|kill| pair[0] <= *kill + Duration::from_millis(50) && *kill <= pair[1]);
            assert!(between, "{marker} came again with no kill between");
        }
    }
    assert!(twice <= kills.len() * AT_ONCE, "{twice}");
    println!("{} accepted, {} kills, {twice} mailed again, none missing", accepted.len(), kills.len());
}

#[test]
fn kept_mail_is_kept_once_however_often_the_process_dies() {
    let mut hookpost = Setup::default().start();
    let mut accepted = Vec::new();
    for round in 0..5 {
        for n in 0..40 {
            accepted.push(hookpost.post_default(format!("{round} {n}").as_bytes()).accepted());
        }
        hookpost.kill_and_restart();
    }
    hookpost.settle();
    let mut mailed: Vec<String> = hookpost.mails().iter().map(|mail| mail.id().to_owned()).collect();
    mailed.sort();
    accepted.sort();
    assert_eq!(mailed, accepted);
}
