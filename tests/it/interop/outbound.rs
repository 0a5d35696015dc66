//! Other people's verifiers find what we send genuine, and other people's events arrive as they were made.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::Child;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::harness::{Hookpost, PostOffice, Receiver, Setup, Tools, event, within};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const PRIVATE: &str = "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";
const PUBLIC: &str = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";

/// A receiver made of official libraries.
pub(super) struct Official {
    server: Child,
    port: u16,
    seen: Arc<Mutex<Vec<Value>>>,
}

impl Official {
    pub(super) fn start(mut server: Child) -> Self {
        let mut lines = BufReader::new(server.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
        let first = lines.next().expect("a line");
        let port = first.strip_prefix("listening ").and_then(|port| port.parse().ok()).expect("a port");
        let seen: Arc<Mutex<Vec<Value>>> = Arc::default();
        let shared = Arc::clone(&seen);
        std::thread::spawn(move || {
            for line in lines {
                let line = serde_json::from_str(&line).expect("a line of JSON");
                shared.lock().expect("lines").push(line);
            }
        });
        Self { server, port, seen }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    #[track_caller]
    pub(super) fn wait_for(&self, count: usize) -> Vec<Value> {
        within(Duration::from_secs(120), &format!("{count} requests"), || {
            let seen = self.seen.lock().expect("lines");
            (seen.len() >= count).then(|| seen.clone())
        })
    }
}

impl Drop for Official {
    fn drop(&mut self) {
        drop(self.server.kill());
        drop(self.server.wait());
    }
}

/// Everything that an endpoint can be sent, in every format.
const DATA: [(&str, &[u8]); 5] = [
    ("application/json", r#"{"total": 19.990, "name": "Zoë ☃", "list": [1, null]}"#.as_bytes()),
    ("application/json", b"{}"),
    ("text/plain; charset=utf-8", "Grüße, \"quoted\"\nand a second line".as_bytes()),
    ("application/octet-stream", b"\x00\xff\xfe\x80\n\x00"),
    ("text/csv", b"a,b\r\n1,2\r\n"),
];

const FORMATS: [(&str, &str); 7] = [
    ("json", "format: json"),
    ("put", "method: PUT"),
    ("form", "format: form"),
    ("raw", "format: raw"),
    ("xml", "format: xml"),
    ("yaml", "format: yaml"),
    ("get", "method: GET"),
];

/// Emits each of [`DATA`], as a CloudEvent: so any bytes can be data.
fn emit_all(hookpost: &Hookpost) {
    let bearer = format!("Bearer {}", hookpost.events_token());
    for (at, (content_type, bytes)) in DATA.into_iter().enumerate() {
        let id = at.to_string();
        let headers = [
            ("authorization", &*bearer),
            ("content-type", content_type),
            ("ce-specversion", "1.0"),
            ("ce-type", "order.created"),
            ("ce-source", "/tests"),
            ("ce-id", &*id),
        ];
        hookpost.post("/events", &headers, bytes).accepted();
    }
}

fn is_genuine_to(start: impl Fn(&[&str]) -> Child, libraries: [&str; 4]) {
    let symmetric = Official::start(start(&["--secret", SECRET]));
    let asymmetric = Official::start(start(&["--public", PUBLIC]));
    let both = Official::start(start(&["--secret", SECRET, "--public", PUBLIC]));
    let keys = [
        (&symmetric, "v1", format!("'{SECRET}'")),
        (&symmetric, "rotated", format!("['{OTHER}', {{ value: '{SECRET}', expires: '2099-01-01T00:00:00Z' }}]")),
        (&symmetric, "over", format!("['{SECRET}', {{ value: '{OTHER}', expires: '2026-01-01T00:00:00Z' }}]")),
        (&asymmetric, "v1a", format!("'{PRIVATE}'")),
        (&both, "both", format!("['{SECRET}', '{PRIVATE}']")),
    ];
    let mut config = "endpoints:\n".to_owned();
    for (official, key, secret) in &keys {
        for (format, how) in FORMATS {
            let name = format!("{key}-{format}");
            config += &format!(
                "  {name}: {{ url: '{}', {how}, secret: {secret} }}\n",
                official.url(&format!("/{name}?own=a%2Fb"))
            );
        }
    }
    config += &format!("  forged: {{ url: '{}', secret: '{OTHER}', schedule: [0] }}\n", symmetric.url("/forged"));
    let hookpost = Setup::config(&config).sending().start();
    emit_all(&hookpost);
    let each = DATA.len() * FORMATS.len();
    let all = [symmetric.wait_for(3 * each + DATA.len()), asymmetric.wait_for(each), both.wait_for(each)].concat();
    let mut asked: Vec<&str> = Vec::new();
    for request in &all {
        let forged = request["path"] == "/forged";
        assert_eq!(request["ok"], !forged, "{request}");
        asked.extend(request["library"].as_array().expect("a list").iter().filter_map(Value::as_str));
    }
    for library in libraries {
        assert!(asked.contains(&library), "{library} was never asked");
    }
    hookpost.settle();
    let each_once: BTreeSet<(String, String)> =
        all.iter().map(|request| (request["path"].to_string(), request["id"].to_string())).collect();
    assert_eq!(each_once.len(), 5 * each + DATA.len());
    let forged = hookpost.owner("GET", "/api/v1/deliveries?endpoint=forged&state=given_up", &[], b"").json();
    assert_eq!(forged["data"].as_array().map(Vec::len), Some(DATA.len()), "{forged}");
}

#[test]
fn python_finds_every_kind_of_delivery_genuine() {
    let start = |arguments: &[&str]| Tools::ready().python_server("receiver.py", arguments);
    is_genuine_to(start, ["standardwebhooks", "svix", "stdlib", "cryptography"]);
}

#[test]
fn node_finds_every_kind_of_delivery_genuine() {
    let start = |arguments: &[&str]| Tools::ready().node_server("receiver.mjs", arguments);
    is_genuine_to(start, ["standardwebhooks", "svix", "stdlib", "node:crypto"]);
}

#[test]
fn a_made_secret_fits_the_official_libraries() {
    let receiver = Receiver::start();
    let config = |url: &str| format!("endpoints:\n  made: {{ url: '{url}' }}\n");
    let hookpost = Setup::default().sending().start();
    let apply = |url: &str| {
        std::fs::write(hookpost.folder().join("e.yaml"), config(url)).expect("a file");
        assert!(hookpost.verb(&["apply", "e.yaml", "--yes"]).status.success());
    };
    apply(&receiver.url("/"));
    let secret = String::from_utf8(hookpost.verb(&["endpoints", "secret", "made"]).stdout).expect("UTF-8");
    let tools = Tools::ready();
    for server in [
        tools.python_server("receiver.py", &["--secret", secret.trim()]),
        tools.node_server("receiver.mjs", &["--secret", secret.trim()]),
    ] {
        let official = Official::start(server);
        apply(&official.url("/"));
        let id = PostOffice::emit(&hookpost, &event("order.created", json!({}))).accepted();
        let request = official.wait_for(1).remove(0);
        assert_eq!(request["ok"], true, "{request}");
        within(Duration::from_secs(30), "a delivery that has ended", || {
            let shown = hookpost.owner("GET", &format!("/api/v1/deliveries/{id}/made"), &[], b"").json();
            (shown["state"] == "delivered").then_some(())
        });
        let order = json!({ "of": "one", "event": id }).to_string();
        let replay = hookpost.owner("POST", "/api/v1/endpoints/made/replays", &[], order.as_bytes());
        assert_eq!(replay.status, 202, "{}", replay.text());
        let again = official.wait_for(2).remove(1);
        assert_eq!((&again["ok"], &again["id"]), (&json!(true), &json!(id)), "{again}");
    }
}

#[test]
fn events_of_the_official_cloud_events_libraries_arrive_as_they_were_made() {
    let tools = Tools::ready();
    let made = [tools.python("cloud_events.py", &[]), tools.node("cloud_events.mjs", &[])];
    assert_eq!(made.each_ref().map(Vec::len), [16, 16]);
    let receiver = Receiver::start();
    let config = format!(
        "endpoints:\n  raw: {{ url: '{}', format: raw }}\n  json: {{ url: '{}' }}\n",
        receiver.url("/raw"),
        receiver.url("/json")
    );
    let hookpost = Setup::config(&config).sending().start();
    let bearer = format!("Bearer {}", hookpost.events_token());
    for (at, made) in made.iter().flatten().enumerate() {
        let mut headers = vec![("authorization", &*bearer)];
        let given = made["headers"].as_object().expect("headers");
        headers.extend(given.iter().map(|(name, value)| (&**name, value.as_str().expect("a text"))));
        let body = STANDARD.decode(made["body_base64"].as_str().expect("base64")).expect("base64");
        let answer = hookpost.post("/events", &headers, &body);
        assert_eq!(answer.status, 202, "{made}: {}", answer.text());
        let id = answer.accepted();
        let requests = receiver.wait_for(2 * at + 2).split_off(2 * at);
        assert!(requests.iter().all(|request| request.header("webhook-id") == Some(&*id)), "{made}");
        let find = |path: &str| requests.iter().find(|request| request.path() == path).expect("a request");
        arrived(made, &find("/raw").body, find("/raw").header("content-type").expect("a type"), &find("/json").json());
    }
    assert_eq!(receiver.received_ids().len(), 32, "each is an event of its own");
}

/// The data and the attributes, as the event's maker meant them.
fn arrived(made: &Value, raw: &[u8], content_type: &str, json: &Value) {
    assert_eq!(json["type"], "com.example.order.created", "{made}");
    let time = if made["case"] == "offset" { "2024-05-06T01:38:09.123Z" } else { "2024-05-06T07:08:09.000Z" };
    assert_eq!(json["timestamp"], time, "{made}");
    if let Some(encoded) = made["data_base64"].as_str() {
        assert_eq!(STANDARD.encode(raw), encoded, "{made}");
        assert_eq!((&json["data_base64"], content_type), (&made["data_base64"], "application/octet-stream"), "{made}");
        return;
    }
    assert_eq!(json["data"], made["data"], "{made}");
    match made["data"].as_str() {
        Some(text) => assert_eq!((raw, content_type), (text.as_bytes(), "text/plain; charset=utf-8"), "{made}"),
        None => {
            let read: Value = serde_json::from_slice(raw).expect("JSON");
            assert_eq!((&read, content_type), (&made["data"], "application/json"), "{made}");
        }
    }
}
