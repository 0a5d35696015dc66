//! What one attempt finds out while another is under way.

use serde_json::json;
use shared::seam::{Disabled, EndpointState, ReadEndpointState, State, WriteEndpointState};

use crate::harness::{Days, answer, play};

#[test]
fn an_endpoint_that_was_disabled_meanwhile_stays_disabled() {
    play(async {
        let days = Days::new(json!({ "a": { "url": "https://example.com/hook" } }), |_| answer(200, &[]));
        let (store, event) = (days.store.clone(), days.emit("one", "order.created").await);
        let disabled = Some(Disabled { since: event.received, reason: "it is gone".into() });
        let state = EndpointState { disabled, slowed_until: None };
        days.post.plays({
            let state = state.clone();
            move |_| {
                let (store, state) = (store.clone(), state.clone());
                let another = move || {
                    play(async { store.write_endpoint_state("default", "a", &state).await.expect("a store") });
                };
                std::thread::spawn(another).join().expect("another attempt");
                answer(429, &[("retry-after", "60")])
            }
        });
        days.deliver_all().await;
        let known = days.store.endpoint_state("default", "a").await.expect("a store");
        assert_eq!(known.disabled, state.disabled);
        assert_eq!((days.post.asked().len(), days.delivery("one", "a").await.state), (1, State::Held));
    });
}
