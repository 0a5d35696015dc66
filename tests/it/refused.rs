//! Who is refused learns nothing by it, and the owner why.

use crate::harness::{ADMIN, Answer, Github, PASSWORD, PostOffice, Setup, World, now, standard, stories};

const WHSEC: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

const SOURCES: &str = r#"
sources:
  github: { verify: { scheme: github, secret: a real secret }, email: ops@example.com }
  orders: { verify: { scheme: github, secret: another secret }, email: ops@example.com }
  events: { verify: { scheme: standard, secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw }, email: ops@example.com }
  elsewhere: { verify: { scheme: password, secret: hush }, email: ops@example.com, allow: 192.0.2.0/24 }
"#;

const GITHUB: Github<'_> = Github { path: "/in/github", secret: "a real secret" };

stories![every_refusal_looks_the_same_to_its_caller, the_log_says_why_and_what_would_have_fitted];

/// One request for each way of not being genuine, with the code that its owner reads.
fn refused(to: &dyn PostOffice) -> Vec<(&'static str, Answer)> {
    let post = |path: &str, headers: &[(&str, &str)]| to.post(path, headers, b"{}");
    let events = |timestamp: u64| {
        let headers = standard(WHSEC, "msg_1", timestamp, b"{}");
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        to.post("/in/events", &headers, b"{}")
    };
    vec![
        ("missing", post("/in/github", &[])),
        // All but genuine, and genuine for another source: there is a hint to write.
        ("mismatch", to.post("/in/github", &[("x-hub-signature-256", &GITHUB.signature(b"{}"))], b"{}\n")),
        ("mismatch", Github { path: "/in/orders", ..GITHUB }.post(to, "d-1", b"{}")),
        ("malformed", post("/in/github", &[("x-hub-signature-256", "sha256=not hexadecimal")])),
        ("mismatch", Github { secret: "a guess", ..GITHUB }.post(to, "d-1", b"{}")),
        ("too_old", events(now() - 301)),
        ("in_future", events(now() + 330)),
        ("absent", post("/in", &[])),
        ("mismatch", post("/in", &[("authorization", "Bearer a guess")])),
        ("not_allowed", post("/in/elsewhere", &[("authorization", "Bearer hush")])),
    ]
}

fn every_refusal_looks_the_same_to_its_caller(world: World) {
    let hookpost = world.open(SOURCES);
    let told: Vec<_> = refused(&*hookpost)
        .into_iter()
        .map(|(code, Answer { status, mut headers, body })| {
            // What the front door writes by itself.
            headers.retain(|(name, _)| {
                let name = name.to_ascii_lowercase();
                name != "date" && !name.starts_with("x-amzn-")
            });
            headers.sort();
            (code, status, headers, body)
        })
        .collect();
    let (_, status, headers, body) = &told[0];
    assert_eq!((*status, body.is_empty()), (401, false));
    for (code, other_status, other_headers, other_body) in &told {
        assert_eq!((status, headers, body), (other_status, other_headers, other_body), "{code}");
    }
}

fn the_log_says_why_and_what_would_have_fitted(world: World) {
    let hookpost = world.open(SOURCES);
    GITHUB.post(&*hookpost, "d-1", b"{}").accepted();
    let codes: Vec<_> = refused(&*hookpost).into_iter().map(|(code, _)| code).collect();
    let field = |line: &str, name: &str| {
        let json: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"));
        let fields = json.get("fields").unwrap_or(&json);
        fields[name].as_str().unwrap_or_default().to_owned()
    };
    hookpost.logged("ends without its line break");
    let log = hookpost.log();
    let lines: Vec<_> = log.lines().filter(|line| line.contains("\"refused\"")).collect();
    assert_eq!(lines.iter().map(|line| field(line, "reason")).collect::<Vec<_>>(), codes, "{log}");
    for line in &lines {
        for name in ["source", "scheme", "caller", "id", "why"] {
            assert!(!field(line, name).is_empty(), "{name} in {line}");
        }
    }
    assert_eq!(field(lines[5], "why"), "signed 301 s ago, which is too old");
    assert_eq!(field(lines[2], "hint"), "the signature fits the secret of the source github");
    for secret in ["a real secret", "another secret", "a guess", "hush", "LaLaSw", &GITHUB.signature(b"{}")[7..]] {
        assert!(!log.contains(secret), "{secret}");
    }
}

#[test]
fn the_owner_of_one_machine_sees_who_was_refused_lately() {
    let hookpost = Setup::config(SOURCES).start();
    let said = |arguments: &[&str]| String::from_utf8_lossy(&hookpost.verb(arguments).stdout).into_owned();
    assert_eq!(said(&["refusals"]), "Nobody was refused since the start.\n");
    refused(&hookpost);
    let pasted = hookpost.post(&format!("/in/{}", PASSWORD.replace(' ', "%20")), &[], b"{}");
    assert_eq!(pasted.status, 404);
    for _ in 0..300 {
        hookpost.post("/in/github", &[], b"{}");
    }
    let shown = hookpost.send("GET", "/api/v1/refusals", &[("authorization", &format!("Bearer {ADMIN}"))], b"");
    let data = shown.json()["data"].as_array().expect("a list").clone();
    let of = |source: &str, reason: &str| {
        let found = data.iter().find(|one| one["source"] == *source && one["reason"] == *reason);
        found.unwrap_or_else(|| panic!("{source} {reason} in {data:?}")).clone()
    };
    assert_eq!((&data[0]["source"], &data[0]["times"]), (&"github".into(), &301.into()), "a flood takes one place");
    assert_eq!(of("github", "mismatch")["times"], 2);
    assert!(data.iter().any(|one| one["source"].is_null() && one["reason"] == "no_source"), "{data:?}");
    assert_eq!(of("orders", "mismatch")["hint"], "the signature fits the secret of the source github");
    let page = hookpost.get("/").text();
    let verb = said(&["refusals"]);
    for text in [&page, &verb, &shown.text()] {
        assert!(text.contains("the signature fits the secret of the source github"), "{text}");
        assert!(text.contains("no_source") && text.contains("signed 301 s ago"), "{text}");
        for secret in [PASSWORD, &*PASSWORD.replace(' ', "%20"), "a real secret", "a guess", "hush", "LaLaSw"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
    assert_eq!(hookpost.get("/api/v1/refusals").status, 401, "its owner only");
    let tunnel = ("x-forwarded-for", "192.0.2.1");
    assert_eq!(hookpost.send("GET", "/", &[tunnel], b"").status, 401);
}

#[test]
fn what_a_caller_chose_is_text_on_the_page() {
    let config = "sources:\n  shop: { verify: { scheme: standard, secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw }, email: o@example.com }\n";
    let hookpost = Setup::config(config).start();
    for value in ["<script>alert(1)</script>", "v1,<img src=x>"] {
        let headers = [("webhook-id", value), ("webhook-timestamp", value), ("webhook-signature", value)];
        assert_eq!(hookpost.post("/in/shop", &headers, b"<b>").status, 401);
    }
    let page = hookpost.get("/").text();
    assert!(page.contains("shop") && !page.contains("<script") && !page.contains("<img"), "{page}");
}

#[test]
fn on_aws_the_api_says_where_refusals_are() {
    let stack = crate::harness::Stack::deploy();
    let answer = PostOffice::manage(&stack, "GET", "/api/v1/refusals", b"");
    assert_eq!((answer.status, answer.code().as_str()), (501, "not_here"));
    let verb = stack.verb(&["refusals"], &[]);
    let said = String::from_utf8_lossy(&verb.stderr).into_owned();
    assert!(!verb.status.success() && said.contains("CloudWatch") && said.contains("ListenerLog"), "{said}");
}
