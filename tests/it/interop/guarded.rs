//! Endpoints behind other people's doors: an authorization server, client certificates, the handshake of CloudEvents.

use std::path::Path;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, date_time_ymd,
};
use serde_json::{Value, json};

use super::outbound::Official;
use crate::harness::{Hookpost, PostOffice, Setup, Tools, event, eventually};

fn serving(endpoints: Value) -> Hookpost {
    Setup::config(&json!({ "endpoints": endpoints }).to_string()).sending().start()
}

fn tokens(lifetime: &str) -> Official {
    Official::start(Tools::ready().node_server("tokens.mjs", &["--lifetime", lifetime]))
}

/// An endpoint that the server protects, for a client in that style.
fn protected(server: &Official, style: &str, secret: &str) -> Value {
    let id = if style == "basic" { "by header" } else { "by-body" };
    let oauth2 = json!({
        "token_url": server.url("/token"), "client_id": id, "client_secret": secret, "style": style,
        "scope": "hooks:write", "resource": "https://hooks.example/",
    });
    json!({ "url": server.url("/hook"), "auth": { "oauth2": oauth2 }, "schedule": [0] })
}

const BY_HEADER: &str = "s3cret:%2B+/=& of the header";
const BY_BODY: &str = "s3cret:%2B+/=& of the body";

/// Emits, and tells what became of the delivery to that endpoint.
fn delivered(hookpost: &Hookpost, id: &str, endpoint: &str) -> Value {
    let mut event = event("order.created", json!({}));
    event["id"] = json!(id);
    PostOffice::emit(hookpost, &event).accepted();
    eventually("an attempt", || {
        let shown = hookpost.owner("GET", &format!("/api/v1/deliveries/{id}/{endpoint}"), &[], b"");
        let found = shown.json();
        found["attempts"].as_array().is_some_and(|all| !all.is_empty()).then_some(found)
    })
}

fn statuses(lines: &[Value], path: &str) -> Vec<u64> {
    let of_path = lines.iter().filter(|line| line["path"] == path);
    of_path.map(|line| line["status"].as_u64().expect("a status")).collect()
}

#[test]
fn tokens_of_a_real_authorization_server_open_the_endpoint_in_both_styles() {
    let server = tokens("600");
    let hookpost = serving(json!({
        "basic": protected(&server, "basic", BY_HEADER), "body": protected(&server, "body", BY_BODY),
    }));
    for id in ["one", "two", "three"] {
        for endpoint in ["basic", "body"] {
            let found = delivered(&hookpost, &format!("{id}-{endpoint}"), endpoint);
            assert_eq!(found["state"], "delivered", "{found}");
        }
    }
    let lines = server.wait_for(14);
    assert_eq!(statuses(&lines, "/token"), [200, 200], "one each, whatever is delivered");
    assert_eq!(statuses(&lines, "/hook"), [204; 12]);
    let styles: Vec<_> = lines.iter().filter(|line| line["path"] == "/token").map(|line| &line["style"]).collect();
    assert!(styles.contains(&&json!("Basic")) && styles.contains(&&Value::Null), "{styles:?}");
    for client in ["by header", "by-body"] {
        assert_eq!(lines.iter().filter(|line| line["client"] == client && line["path"] == "/hook").count(), 6);
    }
}

#[test]
fn a_wrong_secret_is_a_failed_attempt_that_says_why_and_shows_nothing() {
    let server = tokens("600");
    let hookpost = serving(json!({
        "basic": protected(&server, "basic", "wrong-hush-1"), "body": protected(&server, "body", "wrong-hush-2"),
    }));
    for endpoint in ["basic", "body"] {
        let found = delivered(&hookpost, &format!("e-{endpoint}"), endpoint);
        let error = "oauth2: the token endpoint answered 401 (invalid_client)";
        assert_eq!((&found["attempts"][0]["error"], &found["state"]), (&json!(error), &json!("given_up")), "{found}");
        assert!(!found.to_string().contains("hush"), "{found}");
    }
    assert!(statuses(&server.wait_for(2), "/hook").is_empty() && !hookpost.log().contains("hush"));
}

#[test]
fn a_token_is_asked_for_anew_before_it_expires_and_when_it_was_revoked() {
    let server = tokens("4");
    let hookpost = serving(json!({ "basic": protected(&server, "basic", BY_HEADER) }));
    assert_eq!(delivered(&hookpost, "first", "basic")["state"], "delivered");
    std::thread::sleep(std::time::Duration::from_millis(2_500));
    assert_eq!(delivered(&hookpost, "second", "basic")["state"], "delivered");
    let lines = server.wait_for(4);
    assert_eq!((statuses(&lines, "/token"), statuses(&lines, "/hook")), (vec![200, 200], vec![204, 204]));

    let server = tokens("600");
    let hookpost = serving(json!({ "basic": protected(&server, "basic", BY_HEADER) }));
    assert_eq!(delivered(&hookpost, "first", "basic")["state"], "delivered");
    let port = server.url("/").trim_end_matches('/').rsplit(':').next().and_then(|port| port.parse().ok());
    let address = std::net::SocketAddr::from(([127, 0, 0, 1], port.expect("a port")));
    assert_eq!(crate::harness::try_post(address, "/revoke", &[], b"").expect("an answer").status, 200);
    let found = delivered(&hookpost, "second", "basic");
    assert_eq!(found["state"], "delivered", "{found}");
    assert_eq!(found["attempts"].as_array().map(Vec::len), Some(1), "in one attempt: {found}");
    let lines = server.wait_for(6);
    assert_eq!((statuses(&lines, "/token"), statuses(&lines, "/hook")), (vec![200, 200], vec![204, 401, 204]));
}

/// An authority of the test, and the files of a server that it certified.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut parameters = CertificateParams::new(Vec::new()).expect("no names");
        parameters.distinguished_name.push(DnType::CommonName, name);
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let pem = parameters.self_signed(&key).expect("a certificate").pem();
        Self { issuer: Issuer::new(parameters, key), pem }
    }

    fn signs(&self, name: &str, purpose: ExtendedKeyUsagePurpose, until: i32) -> (String, String) {
        let mut parameters = CertificateParams::new([name.to_owned()]).expect("a name");
        parameters.distinguished_name.push(DnType::CommonName, name);
        (parameters.not_before, parameters.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(until, 1, 1));
        parameters.extended_key_usages = vec![purpose];
        let key = KeyPair::generate().expect("a key");
        (parameters.signed_by(&key, &self.issuer).expect("a certificate").pem(), key.serialize_pem())
    }

    fn client(&self, name: &str, until: i32) -> (String, String) {
        self.signs(name, ExtendedKeyUsagePurpose::ClientAuth, until)
    }

    /// The arguments of a server that lets in whom `clients` certified.
    fn server(&self, folder: &Path, clients: &Self) -> Vec<String> {
        let (certificate, key) = self.signs("localhost", ExtendedKeyUsagePurpose::ServerAuth, 2120);
        let files =
            [("--cert", "cert.pem", &certificate), ("--key", "key.pem", &key), ("--clients", "ca.pem", &clients.pem)];
        let write = |(argument, file, text): (&str, &str, &String)| {
            std::fs::write(folder.join(file), text).expect("a file");
            [argument.to_owned(), folder.join(file).display().to_string()]
        };
        files.into_iter().flat_map(write).collect()
    }
}

#[test]
fn servers_of_others_let_in_who_shows_the_right_certificate_and_are_believed_by_their_own_authority() {
    let (servers, clients, others) = (Authority::new("servers"), Authority::new("clients"), Authority::new("others"));
    let folder = tempfile::tempdir().expect("a folder");
    let arguments = servers.server(folder.path(), &clients);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let tools = Tools::ready();
    for server in
        [tools.node_server("certificates.mjs", &arguments), tools.python_server("certificates.py", &arguments)]
    {
        let server = Official::start(server);
        let endpoint = |ca: Option<&Authority>, shown: Option<(String, String)>| {
            let mut tls = json!({});
            if let Some(ca) = ca {
                tls["ca"] = json!(ca.pem);
            }
            if let Some((certificate, key)) = shown {
                (tls["certificate"], tls["key"]) = (json!(certificate), json!(key));
            }
            json!({ "url": server.url("/hook").replace("http://127.0.0.1", "https://localhost"), "tls": tls, "schedule": [0] })
        };
        let hookpost = serving(json!({
            "right": endpoint(Some(&servers), Some(clients.client("us.example", 2120))),
            "no-certificate": endpoint(Some(&servers), None),
            "stranger": endpoint(Some(&servers), Some(others.client("us.example", 2120))),
            "expired": endpoint(Some(&servers), Some(clients.client("us.example", 2021))),
            "wrong-authority": endpoint(Some(&others), Some(clients.client("us.example", 2120))),
            "system": endpoint(None, Some(clients.client("us.example", 2120))),
        }));
        let found = delivered(&hookpost, "one", "right");
        assert_eq!(found["state"], "delivered", "{found}");
        let refusals = [
            ("no-certificate", "tls: "),
            ("stranger", "tls: received fatal alert: "),
            ("expired", "tls: our certificate expired on 2021-01-01T00:00:00Z"),
            ("wrong-authority", "tls: invalid peer certificate: UnknownIssuer"),
            ("system", "tls: invalid peer certificate: UnknownIssuer"),
        ];
        for (endpoint, words) in refusals {
            let found = delivered(&hookpost, &format!("e-{endpoint}"), endpoint);
            let error = found["attempts"][0]["error"].as_str().unwrap_or_default().to_owned();
            // Some close before a stranger has heard why.
            let silences = ["broken: the connection was closed without an answer", "broken: connection reset"];
            let is_silent = endpoint == "stranger" && silences.contains(&&*error);
            let is_said = error.starts_with(words) || is_silent;
            assert!(found["state"] == "given_up" && is_said, "{endpoint}: {found}");
        }
        hookpost.settle();
        let lines = server.wait_for(6);
        assert!(lines.iter().all(|line| line["client"] == "us.example") && lines.len() == 6, "{lines:?}");
        assert!(!hookpost.log().contains("PRIVATE KEY"));
    }
}

#[test]
fn the_handshake_is_understood_by_the_code_of_another_platform() {
    let start = |origin| Official::start(Tools::ready().node_server("consent.mjs", &["--origin", origin]));
    let (wants, refuses) = (start("events.example.com"), start("somebody.example"));
    // By this header that code knows its own sender.
    let endpoint = |server: &Official| {
        json!({
            "url": server.url("/hook"), "consent": "events.example.com", "headers": { "ce-awpsversion": "1.0" }, "schedule": [0],
        })
    };
    let hookpost = serving(json!({ "wants": endpoint(&wants), "refuses": endpoint(&refuses) }));
    for id in ["one", "two"] {
        assert_eq!(delivered(&hookpost, &format!("{id}-1"), "wants")["state"], "delivered");
        let found = delivered(&hookpost, &format!("{id}-2"), "refuses");
        let error = found["attempts"][0]["error"].as_str().unwrap_or_default();
        assert!(error.starts_with("consent: the endpoint answered 200, and its WebHook-Allowed-Origin"), "{found}");
    }
    hookpost.settle();
    let asked = |lines: Vec<Value>| lines.iter().map(|line| line["method"].clone()).collect::<Vec<_>>();
    let lines = wants.wait_for(5);
    assert!(lines.iter().all(|line| line["origin"] == "events.example.com"), "{lines:?}");
    assert_eq!(asked(lines), ["OPTIONS", "POST", "POST", "POST", "POST"]);
    assert_eq!(asked(refuses.wait_for(1)), ["OPTIONS"]);
}
