//! Signatures: with made secrets and given ones, of both kinds, while keys are rotated.

use serde_json::{Value, json};

use super::{endpoint, endpoints};
use crate::harness::{PostOffice, Receiver, Request, World, event, stories};

const OLD: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NEW: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const PRIVATE: &str = "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";
const PUBLIC: &str = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";

stories![
    each_endpoint_is_signed_for_with_a_secret_of_its_own,
    a_public_key_is_there_for_anybody,
    keys_are_rotated_without_a_gap,
];

fn said(office: &dyn PostOffice, arguments: &[&str]) -> String {
    let output = office.verb_in(arguments, &[]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// What each endpoint got of one event, by its name.
fn sent(office: &dyn PostOffice, receiver: &Receiver, count: usize) -> impl Fn(&str) -> Request {
    let before = receiver.count();
    office.emit(&event("order.created", json!({ "name": "Zoë" }))).accepted();
    let all = receiver.wait_for(before + count).split_off(before);
    move |name| {
        let found = all.iter().find(|request| request.path() == format!("/{name}"));
        found.unwrap_or_else(|| panic!("nothing for {name}")).clone()
    }
}

fn each_endpoint_is_signed_for_with_a_secret_of_its_own(world: World) {
    let receiver = Receiver::start();
    let mut config = endpoints(&receiver, &[("a", ""), ("b", ""), ("given", &format!("secret: '{NEW}'"))]);
    config += &endpoint("form", &receiver.url("/form"), "format: form");
    let office = world.open(&config);
    let at = sent(&*office, &receiver, 4);
    let secrets = ["a", "b", "form"].map(|name| said(&*office, &["endpoints", "secret", name]));
    assert!(secrets[0] != secrets[1] && secrets.iter().all(|secret| secret.starts_with("whsec_")), "{secrets:?}");
    for (name, secret) in ["a", "b", "form"].into_iter().zip(&secrets) {
        at(name).verify(secret);
        assert!(!at(name).is_signed_with(NEW), "{name}");
    }
    at("given").verify(NEW);
    assert_eq!(said(&*office, &["endpoints", "secret", "given"]), NEW);
    let mut forged = at("a");
    forged.body[3] ^= 1;
    assert!(!forged.is_signed_with(&secrets[0]));
    assert!(!office.show("/api/v1/endpoints").to_string().contains("whsec_"));
}

fn keys(office: &dyn PostOffice, name: &str) -> Vec<String> {
    // Anybody may ask: no token.
    let answer = office.public(&format!("/.well-known/webhook-keys/{name}"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["keys"].as_array().expect("a list").iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn a_public_key_is_there_for_anybody(world: World) {
    let receiver = Receiver::start();
    let given = format!("secret: '{PRIVATE}'");
    let all =
        [("made", "signature: v1a"), ("given", &*given), ("shared", ""), ("theirs", "signature: v1a, tenant: acme")];
    let office = world.open(&endpoints(&receiver, &all));
    let at = sent(&*office, &receiver, 3);
    let made = keys(&*office, "made");
    assert!(made.len() == 1 && made[0].starts_with("whpk_") && made[0] != PUBLIC, "{made:?}");
    at("made").verify_with_public_key(&made[0]);
    assert_eq!((keys(&*office, "given"), keys(&*office, "shared")), (vec![PUBLIC.to_owned()], vec![]));
    at("given").verify_with_public_key(PUBLIC);
    for name in ["made", "given"] {
        let signature = at(name).header("webhook-signature").expect("a signature").to_owned();
        assert!(signature.starts_with("v1a,") && !signature.contains(' '), "{signature}");
    }
    assert_eq!(said(&*office, &["endpoints", "secret", "made"]), made[0], "no private key is shown to receivers");
    for nobody in ["nobody", "theirs", "made?tenant=acme"] {
        assert_eq!(office.public(&format!("/.well-known/webhook-keys/{nobody}")).status, 404, "{nobody}");
    }
    assert!(keys(&*office, "theirs?tenant=acme")[0] != made[0], "each has its own");
}

fn keys_are_rotated_without_a_gap(world: World) {
    let receiver = Receiver::start();
    let rotated = format!("secret: ['{NEW}', {{ value: '{OLD}', expires: '2099-01-01T00:00:00Z' }}]");
    let over = format!("secret: ['{NEW}', {{ value: '{OLD}', expires: '2026-01-01T00:00:00Z' }}]");
    let mixed = format!("secret: ['{NEW}', '{PRIVATE}']");
    let office = world.open(&endpoints(&receiver, &[("rotated", &rotated), ("over", &over), ("mixed", &mixed)]));
    let at = sent(&*office, &receiver, 3);
    let both = at("rotated");
    both.verify(NEW);
    both.verify(OLD);
    at("over").verify(NEW);
    assert!(!at("over").is_signed_with(OLD));
    at("mixed").verify(NEW);
    at("mixed").verify_with_public_key(PUBLIC);
    let count = |name: &str| at(name).header("webhook-signature").expect("signatures").split(' ').count();
    assert_eq!((count("rotated"), count("over"), count("mixed")), (2, 1, 2));
}
