//! What one attempt finds out while another is under way.

use serde_json::json;
use shared::seam::{Disabled, ReadEndpointState, State, WriteEndpointState};

use crate::harness::{Days, answer, play};

#[test]
fn an_endpoint_that_was_disabled_meanwhile_stays_disabled() {
    play(async {
        let days = Days::new(json!({ "a": { "url": "https://example.com/hook" } }), |_| answer(200, &[]));
        let (store, event) = (days.store.clone(), days.emit("one", "order.created").await);
        let disabled = Disabled { since: event.received, reason: "it is gone".into(), told: false };
        days.post.plays({
            let disabled = disabled.clone();
            move |_| {
                let (store, disabled) = (store.clone(), disabled.clone());
                let another = move || {
                    play(async { store.disable_endpoint("default", "a", &disabled).await.expect("a store") });
                };
                std::thread::spawn(another).join().expect("another attempt");
                answer(429, &[("retry-after", "60")])
            }
        });
        days.deliver_all().await;
        let known = days.store.endpoint_state("default", "a").await.expect("a store");
        assert_eq!(known.disabled, Some(Disabled { told: true, ..disabled }), "and its owner was told");
        assert_eq!((days.post.asked().len(), days.delivery("one", "a").await.state), (1, State::Held));
    });
}
