//! Attackers who ask for signatures.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{SOURCES, signed};
use crate::harness::{World, mac, now};

pub fn nobody_gets_a_signature_that_passes_for_an_events(world: World) {
    let hookpost = world.open(SOURCES);
    let time = now();
    // Zoom: who asks must sign; and what signs events is not signed for who does.
    let forged = format!("v0:{time}:{{}}");
    for plain in [&*forged, "qgg8vl"] {
        let asked = format!(r#"{{"event":"endpoint.url_validation","payload":{{"plainToken":"{plain}"}}}}"#);
        let unsigned = hookpost.post("/in/zoom", &[], asked.as_bytes());
        let guessed = signed(&*hookpost, "/in/zoom", "guess", &asked);
        for answer in [unsigned, guessed] {
            assert_eq!((answer.status, answer.code().as_str()), (401, "unauthorized"), "{plain}");
            assert!(!answer.text().contains(plain), "{plain}");
        }
    }
    let asked = format!(r#"{{"event":"endpoint.url_validation","payload":{{"plainToken":"{forged}"}}}}"#);
    assert_eq!(signed(&*hookpost, "/in/zoom", "hush", &asked).status, 401);
    let slack = br#"{"challenge":"c","type":"url_verification"}"#;
    assert_eq!(hookpost.post("/in/slack", &[], slack).status, 401);

    // X: no JSON object is signed; and what is signed is no event.
    let get = |query: &str| hookpost.send("GET", &format!("/in/{query}"), &[], b"");
    assert_eq!(get("x?crc_token=%7B%22a%22%3A1%7D").status, 401);
    let token = get("x?crc_token=12345").json()["response_token"].as_str().expect("a signature").to_owned();
    assert_eq!(token, format!("sha256={}", STANDARD.encode(mac(b"hush", b"12345"))));
    let replayed = hookpost.post("/in/x", &[("x-twitter-webhooks-signature", &*token)], b"12345");
    assert_eq!(replayed.status, 401);
    let genuine = format!("sha256={}", STANDARD.encode(mac(b"hush", b"{}")));
    let taken = hookpost.post("/in/x", &[("x-twitter-webhooks-signature", &*genuine)], b"{}");
    assert_eq!((taken.status, taken.text().len()), (200, 0));
    assert!(taken.header("x-hookpost-id").is_some_and(|id| id.starts_with("wh_")));

    // What is said again is no page.
    let script = "%3Cscript%3Ealert(1)%3C%2Fscript%3E";
    let meta = format!("meta?hub.mode=subscribe&hub.verify_token=my%20word&hub.challenge={script}");
    for (query, status) in [(format!("dropbox?challenge={script}"), 401), (meta, 403)] {
        let answer = get(&query);
        assert_eq!(answer.status, status, "{query}");
        assert!(!answer.text().contains("script"), "{query}");
    }
    // The word is the owner's, not the secret.
    for word in ["hush", "guess", ""] {
        let query = format!("meta?hub.mode=subscribe&hub.verify_token={word}&hub.challenge=1");
        assert_eq!((get(&query).status, get(&query).code().as_str()), (403, "forbidden"), "{word}");
    }
    hookpost.logged("plainToken cannot be read");
}
