//! The same on the way out: every 202 arrives at every endpoint, however often the process dies.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use super::Random;
use crate::harness::{ADMIN, Hookpost, Receiver, Reply, Request, Setup, eventually, try_emit};

const KILLS: usize = 20;
const TOKEN: &str = "events-token-of-the-tests";

/// Calls to one endpoint that may be under way when the process dies.
const WIDEST: usize = 64;

/// What the applications know.
struct Load {
    address: Mutex<SocketAddr>,
    /// The ids that were answered 202.
    accepted: Mutex<Vec<String>>,
    ends: AtomicBool,
    next: AtomicUsize,
}

impl Load {
    /// Emits like a careful application: the same again until it is answered.
    fn emit_until_the_end(&self) {
        while !self.ends.load(Ordering::SeqCst) {
            let number = self.next.fetch_add(1, Ordering::SeqCst);
            let id = format!("event-{number:08}");
            let event = json!({ "id": id, "type": "order.created", "data": { "number": number } });
            while !self.emit(&event) {
                thread::sleep(Duration::from_millis(5));
            }
            self.accepted.lock().unwrap().push(id);
            thread::sleep(Duration::from_millis(4));
        }
    }

    fn emit(&self, event: &serde_json::Value) -> bool {
        let address = *self.address.lock().unwrap();
        match try_emit(address, TOKEN, event) {
            Ok(answer) => {
                assert!([202, 429, 503].contains(&answer.status), "{}: {}", answer.status, answer.text());
                answer.status == 202
            }
            Err(_) => false,
        }
    }
}

/// A death, and what was known then.
struct Kill {
    at: Instant,
    /// The program was started again.
    started: Instant,
    /// Events with a lower number may have waited.
    emitted: usize,
}

fn number(request: &Request) -> usize {
    let id = request.header("webhook-id").expect("an id");
    id.strip_prefix("event-").and_then(|number| number.parse().ok()).expect("a number")
}

/// Takes each event at the second attempt.
fn taking_the_second() -> Receiver {
    let mut seen = HashSet::new();
    Receiver::deciding(move |request| Reply::status(if seen.insert(number(request)) { 500 } else { 204 }))
}

#[test]
fn kill_9_loses_no_event_that_was_accepted() {
    let (well, other, second) = (Receiver::start(), Receiver::start(), taking_the_second());
    let failing = Receiver::answering(Vec::new(), Reply::status(500));
    let endpoint = |name: &str, receiver: &Receiver| {
        format!("  {name}: {{ url: \"{}\", schedule: [0, 1, 1, 2, 2] }}\n", receiver.url("/"))
    };
    let all = [("well", &well), ("other", &other), ("second", &second), ("failing", &failing)];
    let config: String = all.iter().map(|(name, receiver)| endpoint(name, receiver)).collect();
    let setup = Setup::config(&format!("endpoints:\n{config}"));
    let mut hookpost = setup.with("HOOKPOST_ALLOW_LOOPBACK", "true").with("EVENTS_TOKEN", TOKEN).start();
    let load = Load {
        address: Mutex::new(hookpost.address),
        accepted: Mutex::default(),
        ends: AtomicBool::new(false),
        next: AtomicUsize::new(0),
    };
    let seed = u64::from(std::process::id()) << 20 | 1;
    let kills = thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| load.emit_until_the_end());
        }
        let kills = kill_often(&mut hookpost, &load, Random(seed));
        load.ends.store(true, Ordering::SeqCst);
        kills
    });
    let accepted = load.accepted.into_inner().unwrap();
    for name in ["well", "other", "second"] {
        eventually(&format!("nothing waits for {name}"), || has_nothing_pending(&hookpost, name).then_some(()));
    }
    let twice = [&well, &other].map(|receiver| repeats(&receiver.requests(), &accepted, 1, &kills));
    // It takes an event at the second attempt, which may be the first one again.
    let late = repeats(&second.requests(), &accepted, 2, &kills);
    let recovered = recoveries(&all.map(|(_, receiver)| receiver.requests()), &kills);
    println!("{} accepted, {KILLS} kills, {twice:?} + {late} posted again; recovered in {recovered:?}", accepted.len());
    assert!(recovered.len() > KILLS / 2, "nothing waited at most of the kills");
    let slow = recovered.iter().filter(|took| **took > Duration::from_secs(2)).count();
    assert!(slow <= KILLS / 5, "{recovered:?}");
}

fn kill_often(hookpost: &mut Hookpost, load: &Load, mut random: Random) -> Vec<Kill> {
    let mut kills = Vec::new();
    for _ in 0..KILLS {
        thread::sleep(Duration::from_millis(30 + random.below(400)));
        let (at, emitted) = (Instant::now(), load.next.load(Ordering::SeqCst));
        hookpost.signal(rustix::process::Signal::KILL);
        kills.push(Kill { at, started: Instant::now(), emitted });
        hookpost.restart();
        *load.address.lock().unwrap() = hookpost.address;
    }
    thread::sleep(Duration::from_millis(200));
    kills
}

fn has_nothing_pending(hookpost: &Hookpost, endpoint: &str) -> bool {
    let path = format!("/api/v1/deliveries?endpoint={endpoint}&state=pending&limit=1");
    let headers = [("authorization", &*format!("Bearer {ADMIN}"))];
    let answer = hookpost.send("GET", &path, &headers, b"");
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["data"].as_array().expect("a list").is_empty()
}

fn arrivals(requests: &[Request]) -> HashMap<&str, Vec<Instant>> {
    let mut arrivals: HashMap<&str, Vec<Instant>> = HashMap::new();
    for request in requests {
        arrivals.entry(request.header("webhook-id").expect("an id")).or_default().push(request.at);
    }
    arrivals
}

/// Everything has come so often; what came again came again because of a kill. Tells how many did.
fn repeats(requests: &[Request], accepted: &[String], often: usize, kills: &[Kill]) -> usize {
    let arrivals = arrivals(requests);
    let has_come = |id: &&String| arrivals.get(id.as_str()).is_some_and(|times| times.len() >= often);
    let missing: Vec<_> = accepted.iter().filter(|id| !has_come(id)).collect();
    assert!(missing.is_empty(), "{} of {} are missing: {missing:?}", missing.len(), accepted.len());
    let again: usize = arrivals.values().map(|times| times.len().saturating_sub(often)).sum();
    assert!(again <= kills.len() * WIDEST, "{again}");
    if often == 1 {
        for (id, times) in arrivals.iter().filter(|(_, times)| times.len() > 1) {
            for pair in times.windows(2) {
                let slack = Duration::from_millis(50);
                let between = kills.iter().any(|kill| pair[0] <= kill.at + slack && kill.at <= pair[1]);
                assert!(between, "{id} came again with no kill between");
            }
        }
    }
    again
}

/// From each start to the first delivery, anywhere, of an event from before.
fn recoveries(requests: &[Vec<Request>], kills: &[Kill]) -> Vec<Duration> {
    let mut recoveries = Vec::new();
    for (at, kill) in kills.iter().enumerate() {
        let end = kills.get(at + 1).map(|next| next.at);
        // What the dead program had sent may be read a moment later.
        let started = kill.started + Duration::from_millis(5);
        let lives = |request: &&Request| request.at > started && end.is_none_or(|end| request.at < end);
        let pending = requests.iter().flatten().filter(lives).filter(|request| number(request) < kill.emitted);
        recoveries.extend(pending.map(|request| request.at - kill.started).min());
    }
    recoveries
}
