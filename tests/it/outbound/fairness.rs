//! No endpoint waits for another, and each gets no more at once than its owner allows.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::{emitted, endpoint, promptness, serving};
use crate::harness::{Behaviour, Hookpost, Receiver, Reply, eventually};

/// Generous: of a mechanism that is broken it is a multiple, of a machine under load a fraction.
const PROMPT: Duration = Duration::from_millis(1_000);

/// Emits many at once, for endpoints that want `kind`.
fn flood(hookpost: &Hookpost, kind: &str, count: usize) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                while let number = next.fetch_add(1, Ordering::SeqCst)
                    && number < count
                {
                    emitted(hookpost, &format!("flood-{number}"), kind);
                }
            });
        }
    });
}

#[test]
fn one_endpoint_that_times_out_delays_no_other() {
    let (bad, well) = (Receiver::hostile(Behaviour::AcceptsAndSaysNothing), Receiver::start());
    let endpoints = endpoint("bad", &bad.url("/"), "timeout: 2s, events: bad.asked")
        + &endpoint("well", &well.url("/"), "events: well.asked");
    let mut hookpost = serving(&endpoints).start();
    let alone = promptness(&hookpost, &well, "alone", 100)[98];
    flood(&hookpost, "bad.asked", 2_000);
    let beside = promptness(&hookpost, &well, "beside", 100)[98];
    println!("99 of 100 took {alone:?} alone, {beside:?} beside 2000 that wait");
    assert!(beside < PROMPT, "{beside:?}");
    hookpost.leaves_work();
}

#[test]
fn ten_that_time_out_at_once_delay_no_other() {
    let bad: Vec<Receiver> = (0..10).map(|_| Receiver::hostile(Behaviour::AcceptsAndSaysNothing)).collect();
    let well = Receiver::start();
    let mut endpoints = endpoint("well", &well.url("/"), "events: well.asked");
    for (number, receiver) in bad.iter().enumerate() {
        endpoints += &endpoint(&format!("bad-{number}"), &receiver.url("/"), "timeout: 10s, events: bad.asked");
    }
    let hookpost = serving(&endpoints).start();
    flood(&hookpost, "bad.asked", 300);
    let beside = promptness(&hookpost, &well, "beside", 100)[98];
    println!("99 of 100 took {beside:?} beside 3000 that wait");
    assert!(beside < PROMPT, "{beside:?}");
}

#[test]
fn one_that_wants_rest_again_and_again_delays_no_other() {
    let (tired, well) =
        (Receiver::answering(Vec::new(), Reply::status(429).header("retry-after", "1")), Receiver::start());
    let endpoints = endpoint("tired", &tired.url("/"), "events: bad.asked")
        + &endpoint("well", &well.url("/"), "events: well.asked");
    let hookpost = serving(&endpoints).start();
    flood(&hookpost, "bad.asked", 2_000);
    let beside = promptness(&hookpost, &well, "beside", 200)[197];
    println!("99 of 100 took {beside:?} beside 2000 that wait, {} asked", tired.count());
    assert!(beside < PROMPT, "{beside:?}");
}

#[test]
fn what_is_held_for_one_and_then_sent_again_delays_no_other() {
    let slow = Receiver::answering(Vec::new(), Reply::status(204).after(Duration::from_millis(500)));
    let well = Receiver::start();
    let endpoints =
        endpoint("back", &slow.url("/"), "events: bad.asked") + &endpoint("well", &well.url("/"), "events: well.asked");
    let mut hookpost = serving(&endpoints).start();
    assert!(hookpost.verb(&["endpoints", "disable", "back"]).status.success());
    flood(&hookpost, "bad.asked", 3_000);
    let held = promptness(&hookpost, &well, "held", 100)[98];
    assert!(hookpost.verb(&["endpoints", "enable", "back"]).status.success());
    assert!(hookpost.verb(&["retry", "--endpoint", "back", "--held"]).status.success());
    eventually("the first of the replay", || (slow.count() > 0).then_some(()));
    let replayed = promptness(&hookpost, &well, "replayed", 100)[98];
    println!("99 of 100 took {held:?} beside 3000 that are held, {replayed:?} beside their replay");
    assert!(slow.count() < 3_000, "the replay was over before it was measured");
    assert!(held < PROMPT && replayed < PROMPT, "{held:?}, {replayed:?}");
    hookpost.leaves_work();
}

/// Counts who is there at once.
fn counting(takes: Duration) -> (Receiver, Arc<AtomicUsize>) {
    let (until, most) = (Mutex::new(Vec::<Instant>::new()), Arc::new(AtomicUsize::new(0)));
    let seen = Arc::clone(&most);
    let receiver = Receiver::deciding(move |request| {
        let mut until = until.lock().unwrap();
        until.retain(|until| *until > request.at);
        until.push(request.at + takes);
        seen.fetch_max(until.len(), Ordering::SeqCst);
        Reply::status(204).after(takes)
    });
    (receiver, most)
}

#[test]
fn no_more_calls_are_under_way_than_the_owner_allows() {
    let ((receiver, most), (free, many)) = (counting(Duration::from_millis(50)), counting(Duration::from_millis(50)));
    let endpoints = endpoint("narrow", &receiver.url("/"), "max_concurrent: 3") + &endpoint("free", &free.url("/"), "");
    let hookpost = serving(&endpoints).start();
    let began = Instant::now();
    flood(&hookpost, "order.created", 150);
    receiver.wait_for(150);
    let took = began.elapsed();
    println!(
        "{took:?}, {} at once, {} where nothing is said",
        most.load(Ordering::SeqCst),
        many.load(Ordering::SeqCst)
    );
    assert_eq!(most.load(Ordering::SeqCst), 3);
    assert!(receiver.connections() <= 3 + 1, "{}", receiver.connections());
    assert!(many.load(Ordering::SeqCst) > 3, "the other is not bound by it");
    // Fifty rounds of 50 ms, were they perfect.
    assert!(took < Duration::from_secs(10), "{took:?}");
    assert!(receiver.received_ids().values().all(|times| *times == 1));
}

#[test]
fn a_rate_is_kept_by_the_real_clock() {
    let receiver = Receiver::start();
    let hookpost = serving(&endpoint("slow", &receiver.url("/"), "rate: 20/s")).start();
    flood(&hookpost, "order.created", 60);
    let requests = receiver.wait_for(60);
    let whole = requests[59].at - requests[0].at;
    assert!((2_800..6_000).contains(&whole.as_millis()), "{whole:?}");
    let most = requests.iter().map(|first| {
        requests.iter().filter(|later| later.at >= first.at && later.at - first.at < Duration::from_secs(1)).count()
    });
    assert!(most.max().unwrap() <= 20 + 6, "in one second");
}

#[test]
fn a_lane_that_was_narrow_is_wide_again_after_recovery() {
    let (receiver, most) = counting(Duration::from_millis(100));
    receiver.stop();
    let schedule = "schedule: [0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]";
    let hookpost = serving(&endpoint("a", &receiver.url("/"), schedule)).start();
    flood(&hookpost, "order.created", 400);
    receiver.start_again();
    eventually("everything", || (receiver.received_ids().len() == 400).then_some(()));
    let most = most.load(Ordering::SeqCst);
    println!("{most} at once");
    assert!(most >= 16, "{most}");
}
