//! The other side of [`super::Signer`]: what a receiver checks before it believes a webhook.

use std::sync::Arc;

use http::HeaderMap;

use super::{NotAKey, PRIVATE, PUBLIC, SHARED};
use crate::schemes::{Presented, STANDARD};
use crate::secret::Secret;
use crate::signature::{Fault, Key};
use crate::timestamp::Timestamp;

/// The keys that a receiver holds: any one of them will do, so that they can be rotated.
#[derive(Clone)]
pub struct Receiver(Arc<[Key]>);

impl Receiver {
    /// Keys as they are written: `whsec_…` for signatures `v1`, `whpk_…` for signatures `v1a`. A shared
    /// key may have any length here: senders do not all keep to the specification's.
    pub fn new(keys: &[Secret]) -> Result<Self, NotAKey> {
        if keys.is_empty() {
            return Err(NotAKey("has no key"));
        }
        let read = |key: &Secret| {
            let text = key.expose();
            if [SHARED, PUBLIC, PRIVATE].iter().any(|prefix| text.starts_with(prefix)) {
                return STANDARD.read_key(key).map_err(NotAKey);
            }
            Err(NotAKey("does not begin with whsec_ (a shared key) or whpk_ (an ed25519 public key)"))
        };
        keys.iter().map(read).collect::<Result<Vec<_>, _>>().map(|keys| Self(keys.into()))
    }

    /// `Ok` if one of the signatures was made over that id, that time and these bytes by the holder of
    /// one of the keys, at most 5 minutes from now, either way. Compares in constant time.
    pub fn verify(&self, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<(), Fault> {
        STANDARD.verify(&self.0, &Presented::of(headers, body), now)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;
    use crate::sign::{Signer, private_key, shared_key};

    const ID: &str = "msg_1";
    const NOW: Timestamp = Timestamp(1_800_000_000_000);
    const BODY: &[u8] = b"\x00\xff any bytes";

    fn headers(id: &str, time: &str, signature: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in [("Webhook-ID", id), ("WEBHOOK-TIMESTAMP", time), ("webhook-Signature", signature)] {
            let name: http::HeaderName = name.parse().unwrap();
            headers.insert(name, value.parse().unwrap());
        }
        headers
    }

    /// A signer and a receiver that holds the other half of its key.
    fn sides(byte: u8) -> [(Signer, Receiver); 2] {
        let shared = shared_key([byte; 32]);
        let private = Signer::new(vec![(private_key([byte; 32]), None)]).unwrap();
        let public = Secret::new(private.public_keys(NOW).remove(0));
        let by_mac = (Signer::new(vec![(shared.clone(), None)]).unwrap(), Receiver::new(&[shared]).unwrap());
        [by_mac, (private, Receiver::new(&[public]).unwrap())]
    }

    fn verdict(receiver: &Receiver, signature: &str, now: Timestamp) -> Result<(), Fault> {
        receiver.verify(&headers(ID, &NOW.seconds().to_string(), signature), BODY, now)
    }

    #[test]
    fn one_valid_signature_is_enough_wherever_it_stands() {
        for ((signer, receiver), (other, _)) in sides(1).into_iter().zip(sides(2)) {
            let (ours, theirs) = (signer.sign(ID, NOW, BODY), other.sign(ID, NOW, BODY));
            for list in [ours.clone(), format!("{ours} {theirs}"), format!("{theirs} v2,x v1, v1a, y {ours}")] {
                assert_eq!(verdict(&receiver, &list, NOW), Ok(()), "{list}");
            }
            assert_eq!(verdict(&receiver, &theirs, NOW), Err(Fault::Mismatch));
        }
    }

    #[test]
    fn any_key_of_the_receiver_will_do() {
        let private = Signer::new(vec![(private_key([1; 32]), None)]).unwrap();
        let shared = Signer::new(vec![(shared_key([1; 32]), None)]).unwrap();
        let public = Secret::new(private.public_keys(NOW).remove(0));
        let keys = [shared_key([9; 32]), public, shared_key([1; 32])];
        let receiver = Receiver::new(&keys).unwrap();
        for (signer, other) in [(private, "v1,AAAA"), (shared, "v1a,AAAA")] {
            let good = signer.sign(ID, NOW, BODY);
            assert_eq!(verdict(&receiver, &good, NOW), Ok(()));
            assert_eq!(verdict(&receiver, &format!("{other} {good}"), NOW), Ok(()));
        }
        for wrong in ["v1,AAAA", "v1a,AAAA", "v1a,AAAA v1,AAAA"] {
            assert_eq!(verdict(&receiver, wrong, NOW), Err(Fault::Mismatch), "{wrong}");
        }
        assert_eq!(verdict(&receiver, "v2,AAAA", NOW), Err(Fault::Malformed("header webhook-signature".into())));
    }

    #[test]
    fn every_header_is_wanted_once_and_readable() {
        for (signer, receiver) in sides(1) {
            let good = headers(ID, &NOW.seconds().to_string(), &signer.sign(ID, NOW, BODY));
            assert_eq!(receiver.verify(&good, BODY, NOW), Ok(()));
            for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
                let mut without = good.clone();
                without.remove(name);
                assert_eq!(receiver.verify(&without, BODY, NOW), Err(Fault::Missing(format!("header {name}").into())));
                let mut twice = good.clone();
                twice.append(name, HeaderValue::from_static("x"));
                assert_eq!(receiver.verify(&twice, BODY, NOW), Err(Fault::Malformed(format!("header {name}").into())));
            }
            for time in ["", "x", "-1", "+1800000000", "1800000000.0", "99999999999999999999"] {
                let verdict = receiver.verify(&headers(ID, time, &signer.sign(ID, NOW, BODY)), BODY, NOW);
                assert_eq!(verdict, Err(Fault::Malformed("header webhook-timestamp".into())), "{time}");
            }
        }
    }

    #[test]
    fn id_time_body_version_and_signature_are_all_covered() {
        for (signer, receiver) in sides(1) {
            let (time, good) = (NOW.seconds().to_string(), signer.sign(ID, NOW, BODY));
            assert_eq!(receiver.verify(&headers("msg_2", &time, &good), BODY, NOW), Err(Fault::Mismatch));
            assert_eq!(receiver.verify(&headers(ID, "1800000001", &good), BODY, NOW), Err(Fault::Mismatch));
            assert_eq!(receiver.verify(&headers(ID, &time, &good), b"{}", NOW), Err(Fault::Mismatch));
            let (version, encoded) = good.split_once(',').unwrap();
            let other = if version == "v1" { "v1a" } else { "v1" };
            for wrong in [
                "",
                version,
                &format!("{version},"),
                &format!("v2,{encoded}"),
                &format!("{other},{encoded}"),
                &good[..good.len() - 4],
                &good.replace(',', ", "),
            ] {
                assert!(verdict(&receiver, wrong, NOW).is_err(), "{wrong}");
            }
        }
    }

    #[test]
    fn five_minutes_either_way_are_fresh_and_a_second_more_is_not() {
        let (five, more) = (Duration::from_secs(300), Duration::from_secs(301));
        for (signer, receiver) in sides(1) {
            let good = signer.sign(ID, NOW, BODY);
            assert_eq!(verdict(&receiver, &good, NOW.after(five)), Ok(()));
            assert_eq!(verdict(&receiver, &good, NOW.before(five)), Ok(()));
            assert_eq!(verdict(&receiver, &good, NOW.after(more)), Err(Fault::TooOld(301)));
            assert_eq!(verdict(&receiver, &good, NOW.before(more)), Err(Fault::InFuture(301)));
        }
    }

    #[test]
    fn what_is_no_key_of_a_receiver_is_refused() {
        assert!(Receiver::new(&[]).is_err());
        let private = private_key([1; 32]);
        for text in
            ["", "whsec_", "whsec_%", "whpk_", "whpk_AAAA", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", private.expose()]
        {
            assert!(Receiver::new(&[Secret::new(text)]).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_was_signed_is_believed_and_nothing_else(
            id in "[A-Za-z0-9_-]{1,128}", at in 0..253_402_300_799_000u64, body: Vec<u8>, other: Vec<u8>,
        ) {
            let at = Timestamp(at);
            for (signer, receiver) in sides(3) {
                let headers = headers(&id, &at.seconds().to_string(), &signer.sign(&id, at, &body));
                prop_assert_eq!(receiver.verify(&headers, &body, at), Ok(()));
                prop_assert_eq!(receiver.verify(&headers, &other, at).is_ok(), body == other);
            }
        }

        #[test]
        fn no_header_makes_the_receiver_panic(id: Vec<u8>, time: Vec<u8>, signature: Vec<u8>, now: u64) {
            let mut headers = HeaderMap::new();
            for (name, value) in [("webhook-id", id), ("webhook-timestamp", time), ("webhook-signature", signature)] {
                if let Ok(value) = HeaderValue::from_bytes(&value) {
                    headers.insert(name, value);
                }
            }
            for (_, receiver) in sides(4) {
                prop_assert!(receiver.verify(&headers, BODY, Timestamp(now)).is_err());
            }
        }
    }
}
