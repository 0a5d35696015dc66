//! Secrets that providers hand over.

use crate::harness::{Answer, PostOffice, World, mac};

const SOURCES: &str = "
sources:
  asana: { verify: { scheme: asana }, email: ops@example.com }
  notion: { verify: { scheme: notion }, email: ops@example.com }
  own: { verify: { scheme: asana, secret: 0123456789abcdef-own }, email: ops@example.com }
";

const SECRET: &str = "5ab1c0de0123456789abcdef01234567";
const OTHER: &str = "0bad0bad0123456789abcdef01234567";

fn offer(to: &dyn PostOffice, source: &str, secret: &str) -> Answer {
    to.post(&format!("/in/{source}"), &[("x-hook-secret", secret)], b"{}")
}

fn event(to: &dyn PostOffice, secret: &str, body: &str) -> Answer {
    let signature = hex::encode(mac(secret.as_bytes(), body.as_bytes()));
    to.post("/in/asana", &[("x-hook-signature", &*signature), ("x-note", SECRET)], body.as_bytes())
}

/// What a verb says.
#[track_caller]
fn verb(to: &dyn PostOffice, arguments: &[&str]) -> String {
    let output = to.verb_in(arguments, &[]);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn refusal(to: &dyn PostOffice, arguments: &[&str]) -> String {
    let output = to.verb_in(arguments, &[]);
    assert!(!output.status.success(), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

fn state(to: &dyn PostOffice, source: &str) -> String {
    let listed = verb(to, &["sources", "list"]);
    listed.lines().find(|line| line.starts_with(source)).expect("a source").to_owned()
}

pub fn a_secret_is_handed_over_while_its_owner_waits_and_never_again(world: World) {
    let hookpost = world.open(SOURCES);
    assert_eq!(offer(&*hookpost, "asana", SECRET).status, 401, "nobody waits for it");
    assert_eq!(event(&*hookpost, SECRET, "{}").status, 401);
    hookpost.logged("hookpost sources wait lets the next one in");
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(words(&state(&*hookpost, "NAME")), "NAME SCHEME PROVES SECRET");
    let listed = words(&state(&*hookpost, "asana"));
    assert!(listed.starts_with("asana asana signed has no secret; hookpost sources wait asana"), "{listed}");
    assert!(refusal(&*hookpost, &["sources", "forget", "asana"]).contains("nothing to forget: no secret was handed"));
    assert!(
        refusal(&*hookpost, &["sources", "secret", "asana"]).contains("asana has no secret; hookpost sources wait")
    );
    let unknown = refusal(&*hookpost, &["sources", "wait", "asanna"]);
    assert!(unknown.contains("there is no source \"asanna\"; did you mean \"asana\"?"), "{unknown}");
    for span in ["8d", "soon", "0"] {
        let refused = refusal(&*hookpost, &["sources", "wait", "asana", "--for", span]);
        assert!(refused.starts_with("hookpost: --for: ") && !refused.contains(['{', '/']), "{refused}");
    }

    assert!(verb(&*hookpost, &["sources", "wait", "asana", "--for", "5m"]).contains("waits for a secret until"));
    let early = refusal(&*hookpost, &["sources", "secret", "asana"]);
    assert!(early.contains("none was handed over: asana waits for a secret until "), "{early}");
    assert_eq!(offer(&*hookpost, "asana", "short").status, 401);
    let taken = offer(&*hookpost, "asana", SECRET);
    assert_eq!((taken.status, taken.header("x-hook-secret"), &*taken.text()), (200, Some(SECRET), ""));
    hookpost.logged("a secret was handed over");
    assert!(!hookpost.log().contains(SECRET));
    assert!(state(&*hookpost, "asana").contains("has a secret since"));

    // It signs; nobody puts another in its place; and it is kept nowhere else.
    let id = event(&*hookpost, SECRET, r#"{"events":[{"action":"added"}]}"#).accepted();
    let mail = hookpost.mail(&id);
    assert!(mail.text().contains("added") && !mail.text().contains(SECRET), "{}", mail.text());
    let other = offer(&*hookpost, "asana", OTHER);
    assert_eq!((other.status, other.header("x-hook-secret")), (401, None));
    assert_eq!(event(&*hookpost, OTHER, "{}").status, 401);
    assert_eq!(offer(&*hookpost, "asana", SECRET).status, 200, "its answer was lost");
    assert!(refusal(&*hookpost, &["sources", "wait", "asana"]).contains("forget it first"));

    // What is configured is never learned.
    assert_eq!(offer(&*hookpost, "own", OTHER).status, 401);
    let own = refusal(&*hookpost, &["sources", "wait", "own"]);
    assert!(own.contains("own learns no secret: its secret is in its configuration"), "{own}");
    assert!(refusal(&*hookpost, &["sources", "forget", "own"]).contains("nothing to forget"));

    verb(&*hookpost, &["sources", "forget", "asana"]);
    let gone = || (event(&*hookpost, SECRET, "{}").status == 401).then_some(());
    crate::harness::within(std::time::Duration::from_secs(35), "the secret to be forgotten", gone);
    assert_eq!(offer(&*hookpost, "asana", OTHER).status, 401, "nobody waits any more");
}

pub fn notions_token_is_shown_to_who_must_paste_it(world: World) {
    let hookpost = world.open(SOURCES);
    let offer = || hookpost.post("/in/notion", &[], br#"{"verification_token":"secret_tMrlL1qK5vuQAh1b6cZGhF"}"#);
    assert_eq!(offer().status, 401);
    assert!(refusal(&*hookpost, &["sources", "secret", "notion"]).contains("none was handed over"));
    verb(&*hookpost, &["sources", "wait", "notion"]);
    assert_eq!(offer().status, 200);
    assert_eq!(verb(&*hookpost, &["sources", "secret", "notion"]), "secret_tMrlL1qK5vuQAh1b6cZGhF\n");
    let body = r#"{"type":"page.created"}"#;
    let signature = format!("sha256={}", hex::encode(mac(b"secret_tMrlL1qK5vuQAh1b6cZGhF", body.as_bytes())));
    hookpost.post("/in/notion", &[("x-notion-signature", &signature)], body.as_bytes()).accepted();
    assert_eq!(hookpost.public("/api/v1/sources/notion/secret").status, 401, "its owner alone is shown it");
    hookpost.settle();
    assert_eq!(hookpost.mails().len(), 1, "a handshake is not mailed");
}
