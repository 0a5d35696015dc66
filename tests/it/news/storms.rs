//! A thousand endpoints that fail at once are a few mails.

use std::time::Duration;

use serde_json::{Value, json};
use shared::seam::Clock;

use super::office::{OWNER, Office, endpoint};
use super::{CONTACT, HOUR, MINUTE};
use crate::harness::{answer, play};

const ENDPOINTS: usize = 1_000;

fn many() -> impl Iterator<Item = (String, Value)> {
    (0..ENDPOINTS).map(|at| endpoint(&format!("shop-{at}"), json!({ "contact": CONTACT, "schedule": [0, "1h", "1h"] })))
}

#[test]
fn a_thousand_endpoints_that_fail_at_once_are_ten_mails_and_one_that_says_there_are_more() {
    play(async {
        let office = Office::new(many(), |_| answer(500, &[]));
        office.emit("one").await;
        office.pass(HOUR + 10 * MINUTE).await;
        for reader in [OWNER, CONTACT] {
            let subjects = office.inbox.subjects(reader);
            assert_eq!(subjects.len(), 11, "{subjects:?}");
            assert_eq!(subjects[10], "More news of endpoints than are mailed");
            assert!(subjects[..10].iter().all(|subject| subject.ends_with("failing for 1 hour")), "{subjects:?}");
        }
        let more = |reader: &str| {
            let mails = office.inbox.mails().into_iter().map(|(_, email)| email);
            mails.filter(|email| email.to[0].to_string() == reader).last().unwrap()
        };
        let text = more(OWNER).text;
        assert!(text.contains("No more are sent until 2023-11-15T00:00:00Z."), "{text}");
        assert!(text.contains("hookpost endpoints list\n") && text.contains("The latest: shop-"), "{text}");
        let text = more(CONTACT).text;
        assert!(!text.contains("hookpost") && text.contains("The latest: Webhooks to shop-"), "{text}");

        // The next hours have letters of their own.
        office.until(office.clock.now().after(50 * MINUTE)).await;
        office.post.plays(|_| answer(200, &[]));
        office.pass(HOUR).await;
        let subjects = office.inbox.subjects(OWNER)[11..].to_vec();
        assert_eq!(subjects.len(), 11, "{subjects:?}");
        assert!(subjects[..10].iter().all(|subject| subject.ends_with("works again")), "{subjects:?}");
    });
}

#[test]
fn a_restart_in_the_middle_of_a_storm_mails_no_more_of_it() {
    play(async {
        let described = many().take(60);
        let mut office = Office::new(described, |_| answer(500, &[]));
        office.emit("one").await;
        office.pass(HOUR).await;
        for _ in 0..10 {
            office.pass(Duration::from_secs(40)).await;
            office.restart();
        }
        assert_eq!((office.inbox.subjects(OWNER).len(), office.inbox.subjects(CONTACT).len()), (11, 11));
    });
}
