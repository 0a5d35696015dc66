//! Events as large as they may be, for many endpoints at once.

use std::time::Duration;

use serde_json::json;

use super::{TOKEN, endpoint, most_memory, serving};
use crate::harness::{Receiver, Reply, emit};

#[test]
fn large_events_for_many_endpoints_take_bounded_memory() {
    let receiver = Receiver::answering(Vec::new(), Reply::status(204).after(Duration::from_millis(200)));
    let endpoints: String = (0..30).map(|n| endpoint(&format!("e-{n}"), &receiver.url("/"), "")).collect();
    let mut hookpost = serving(&endpoints).start();
    for n in 0..2 {
        let event = json!({ "id": format!("large-{n}"), "type": "a.b", "data": "x".repeat(3_500_000) });
        let answer = emit(hookpost.address, TOKEN, &event);
        assert_eq!(answer.status, 202, "{}", answer.text());
    }
    let requests = receiver.wait_for(60);
    assert!(requests.iter().all(|request| request.body.len() > 3_500_000));
    // All of them at once, each with a body of its own, would be 400 MB.
    let most = most_memory(&hookpost);
    assert!(most < 200, "{most} MB");
    hookpost.leaves_work();
}
