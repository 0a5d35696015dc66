//! The caller's address: for providers that publish theirs and sign nothing.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use super::{Fetched, Presented, Proof, Prove, Scheme, Setting, Settings, Wrong};
use crate::signature::Fault;
use crate::timestamp::Timestamp;

const ALLOW: Setting = Setting::needed("allow", "the provider's addresses or networks, like 192.0.2.0/24");

pub(super) fn row() -> Scheme {
    let page = "https://www.rfc-editor.org/rfc/rfc4632#section-3.1";
    Scheme::own(("address", "address of the caller", page), &[ALLOW], Proof::Authenticated, make)
}

struct Address(Vec<IpNet>);

fn make(settings: &Settings) -> Result<Arc<dyn Prove>, Wrong> {
    let read = |text: &str| {
        let one = || text.parse::<IpAddr>().map(|address| IpNet::from(address.to_canonical()));
        let net = text.parse().or_else(|_| one());
        net.map_err(|_| Wrong::new(ALLOW.key, format!("holds \"{text}\", which is not an address or a network")))
    };
    let allowed = settings.texts(ALLOW.key)?.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
    if allowed.is_empty() { Err(Wrong::new(ALLOW.key, "is empty")) } else { Ok(Arc::new(Address(allowed))) }
}

impl Prove for Address {
    /// What the front door saw counts; no header does.
    fn prove(&self, request: &Presented<'_>, _: &Fetched, _: Timestamp) -> Result<Proof, Fault> {
        let caller = request.caller.to_canonical();
        let is_allowed = self.0.iter().any(|net| net.contains(&caller));
        if is_allowed { Ok(Proof::Authenticated) } else { Err(Fault::NotAllowed("the caller's address".into())) }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use serde_json::{Value, json};

    use super::*;
    use crate::schemes::{Verifier, named};

    fn verifier(allow: Value) -> Result<Verifier, Wrong> {
        Verifier::new(named("address").unwrap(), Settings::new([].into(), [("allow".to_owned(), allow)].into()))
    }

    #[test]
    fn the_address_that_the_front_door_saw_counts_and_no_header() {
        let verifier = verifier(json!(["192.0.2.0/24", "2001:db8::1"])).unwrap();
        let verdict = |caller: &str| {
            let mut headers = HeaderMap::new();
            for name in ["x-forwarded-for", "forwarded", "x-real-ip"] {
                headers.insert(name, "192.0.2.1".parse().unwrap());
            }
            let request = Presented { caller: caller.parse().unwrap(), ..Presented::of(&headers, b"") };
            verifier.verify(&request, &Fetched::default(), Timestamp(0))
        };
        for good in ["192.0.2.1", "192.0.2.255", "::ffff:192.0.2.7", "2001:db8::1"] {
            assert_eq!(verdict(good), Ok(Proof::Authenticated), "{good}");
        }
        for bad in ["192.0.3.1", "2001:db8::2", "::192.0.2.1", "0.0.0.0", "127.0.0.1"] {
            assert_eq!(verdict(bad), Err(Fault::NotAllowed("the caller's address".into())), "{bad}");
        }
    }

    #[test]
    fn a_list_that_is_none_is_refused() {
        for wrong in [json!([]), json!(""), json!("10.0.0.0/33"), json!(["10.0.0.0/8", 7]), json!("example.com")] {
            assert_eq!(verifier(wrong.clone()).err().unwrap().key, "allow", "{wrong}");
        }
    }
}
