//! `hookpost apply`, and the configuration address behind it: planned, conditional, whole.

mod endpoints;

use std::process::Output;

use serde_json::{Value, json};

use crate::harness::{ADMIN, Hookpost, PASSWORD, Setup, Stack, World, run, stories};

stories![
    a_file_is_planned_and_applied,
    nothing_is_applied_unless_somebody_agrees,
    a_wrong_file_changes_nothing_and_names_the_key,
    a_change_in_between_is_not_overwritten,
    what_leaves_the_file_is_removed,
    orders_that_say_too_little_or_too_much_are_refused,
];

/// What an owner can do, in either world.
enum Owner {
    OneMachine(Hookpost),
    Aws(Stack),
}

impl Owner {
    fn of(world: World) -> Self {
        match world {
            World::OneMachine => Self::OneMachine(Setup::default().start()),
            World::Aws => Self::Aws(Stack::deploy()),
        }
    }

    /// Applies that text; `arguments` follow the name of the file.
    fn apply(&self, yaml: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        let all = [&["apply", "sources.yaml"], arguments].concat();
        match self {
            Self::OneMachine(hookpost) => {
                std::fs::write(hookpost.folder().join("sources.yaml"), yaml).expect("a file");
                let url = format!("http://{}", hookpost.address);
                let own = [("HOOKPOST_URL", &*url), ("ADMIN_TOKEN", ADMIN)];
                run(hookpost.folder(), &all, &[&own[..], environment].concat())
            }
            Self::Aws(stack) => {
                std::fs::write(stack.folder().join("sources.yaml"), yaml).expect("a file");
                stack.verb(&all, environment)
            }
        }
    }

    fn config(&self, method: &str, query: &str, headers: &[(&str, &str)], body: &[u8]) -> crate::harness::Answer {
        let path = format!("/api/v1/config{query}");
        match self {
            Self::OneMachine(hookpost) => {
                let bearer = format!("Bearer {ADMIN}");
                let all = [&[("authorization", &*bearer)], headers].concat();
                hookpost.send(method, &path, &all, body)
            }
            Self::Aws(stack) => stack.admin(method, &path, headers, body),
        }
    }

    fn version(&self) -> u64 {
        self.config("GET", "", &[], b"").json()["version"].as_u64().expect("a version")
    }

    fn post(&self, source: &str, password: &str) -> u16 {
        let (path, bearer) = (format!("/in/{source}"), format!("Bearer {password}"));
        let headers = [("authorization", &*bearer)];
        match self {
            Self::OneMachine(hookpost) => hookpost.send("POST", &path, &headers, b"{}").status,
            Self::Aws(stack) => stack.send("POST", &path, &headers, b"{}").status,
        }
    }

    fn settle(&self) {
        match self {
            Self::OneMachine(hookpost) => hookpost.settle(),
            Self::Aws(stack) => stack.settle(),
        }
    }
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn source(name: &str, secret: &str) -> String {
    format!("  {name}: {{ verify: {{ scheme: password, secret: {secret} }}, email: ops@example.com }}\n")
}

fn a_file_is_planned_and_applied(world: World) {
    let owner = Owner::of(world);
    let yaml = format!("sources:\n{}{}", source("shop", "env:SHOP"), source("b", "two"));
    let first = owner.apply(&yaml, &["--yes"], &[("SHOP", "from my machine")]);
    assert!(first.status.success(), "{}", said(&first));
    assert!(said(&first).contains("  + b\n  + shop\nApplied as version 1."), "{}", said(&first));
    assert_eq!(owner.post("shop", "from my machine"), 202);
    let again = owner.apply(&yaml, &["--yes"], &[("SHOP", "from my machine")]);
    assert_eq!(said(&again), "Nothing to change.\n");
    let rotated = owner.apply(&yaml, &["--yes"], &[("SHOP", "another")]);
    assert!(said(&rotated).contains("  ~ shop: verify.secret\nApplied as version 2."), "{}", said(&rotated));
    owner.settle();
}

fn nothing_is_applied_unless_somebody_agrees(world: World) {
    let owner = Owner::of(world);
    let output = owner.apply(&format!("sources:\n{}", source("a", "one")), &[], &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("  + a\n") && said(&output).contains("say --yes"), "{}", said(&output));
    assert_eq!((owner.version(), owner.post("a", "one")), (0, 404));
}

fn a_wrong_file_changes_nothing_and_names_the_key(world: World) {
    let owner = Owner::of(world);
    let wrong = [
        ("sources:\n  a: { verify: { scheme: password, secret: hush }, emial: a@b.c }\n", "did you mean \"email\"?"),
        ("sources:\n  a: { verify: { scheme: password, secret: env:NOT_SET } , email: a@b.c }\n", "has no NOT_SET"),
        ("sources:\n  a: { verify: { scheme: standard, secret: whsec_% }, email: a@b.c }\n", "sources.a.verify.secret"),
        ("sources: [\n", "FILE: sources.yaml: "),
    ];
    for (yaml, expected) in wrong {
        let output = owner.apply(yaml, &["--yes"], &[]);
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(said(&output).contains(expected) && !said(&output).contains("hush"), "{}", said(&output));
    }
    assert_eq!(owner.version(), 0);
}

fn a_change_in_between_is_not_overwritten(world: World) {
    let owner = Owner::of(world);
    let sources = |secret: &str| {
        json!({ "sources": { "a": { "verify": { "scheme": "password", "secret": secret }, "email": "a@b.c" } } })
            .to_string()
    };
    let put = |tag: &str, secret: &str| owner.config("PUT", "", &[("if-match", tag)], sources(secret).as_bytes());
    assert_eq!(put("\"0\"", "one").json()["version"], 1);
    let late = put("\"0\"", "two");
    assert_eq!((late.status, late.code().as_str()), (412, "precondition_failed"));
    for tag in ["1", "\"x\"", "*", "\"9\""] {
        assert_eq!(put(tag, "two").status, 412, "{tag}");
    }
    let plan = owner.config("PUT", "?dry_run=true", &[], sources("two").as_bytes());
    assert_eq!(plan.json()["changes"], json!([{ "source": "a", "change": "changed", "keys": ["verify.secret"] }]));
    assert_eq!(owner.post("a", "one"), 202);
    assert_eq!(put("\"1\"", "two").header("etag"), Some("\"2\""));
    owner.settle();
}

fn what_leaves_the_file_is_removed(world: World) {
    let owner = Owner::of(world);
    let both = format!("sources:\n{}{}", source("a", "one"), source("b", "two"));
    assert!(owner.apply(&both, &["--yes"], &[]).status.success());
    let output = owner.apply(&format!("sources:\n{}", source("b", "two")), &["--yes"], &[]);
    assert!(said(&output).contains("  - a  (what still waits"), "{}", said(&output));
    assert_eq!((owner.post("a", "one"), owner.post("b", "two"), owner.post("default", PASSWORD)), (404, 202, 202));
    let empty = owner.apply("# nothing\n", &["--yes"], &[]);
    assert!(said(&empty).contains("has no key \"sources\""), "{}", said(&empty));
    let none = owner.apply("sources: {}\n", &["--yes"], &[]);
    assert!(said(&none).contains("  - b  (what still waits"), "{}", said(&none));
    assert_eq!(owner.config("GET", "", &[], b"").json()["sources"], json!({}));
    owner.settle();
}

fn orders_that_say_too_little_or_too_much_are_refused(world: World) {
    let owner = Owner::of(world);
    let put = |headers: &[(&str, &str)], body: &str| {
        let answer = owner.config("PUT", "", headers, body.as_bytes());
        (answer.status, answer.json()["error"]["message"].as_str().unwrap_or_default().to_owned())
    };
    let tag = [("if-match", "\"0\"")];
    assert_eq!(put(&[], "{}").0, 428);
    let refused = |body: Value, expected: &str| {
        let (status, message) = put(&tag, &body.to_string());
        assert!(status == 422 && message.contains(expected), "{status} {message}");
        assert!(!message.contains("hush"), "{message}");
    };
    refused(json!({ "sauces": {} }), "sauces: is not a known key");
    refused(json!({ "sources": { "a": "hush" } }), "sources.a: is not of the kind that belongs here");
    refused(json!({ "sources": { "a": { "verify": "hush" } } }), "sources.a.verify: is not of the kind");
    let verify = |secret: &str| json!({ "sources": { "a": { "verify": { "scheme": "password", "secret": secret }, "email": "a@b.c" } } });
    refused(verify("env:HOME"), "read by `hookpost apply`");
    refused(verify("sealed:1:1:AAAA"), "is sealed");
    // What GET shows of a secret, sent back.
    refused(verify("[sealed]"), "is sealed");
    refused(verify(""), "is empty");
    let (status, message) = put(&tag, "{\"sources\": ");
    assert!(status == 422 && message.contains("the body: is not a configuration in JSON"), "{status} {message}");
    assert_eq!(put(&tag, &format!("{{\"x\": \"{}\"}}", "x".repeat(300_000))).0, 413);
    for more in ["{} garbage", "{}{}"] {
        assert_eq!(put(&tag, more).0, 422, "{more}");
    }
    let many: Vec<_> = (0..40_000).map(|n| (n % 10).to_string()).collect();
    let many = json!({ "sources": { "a": { "verify": { "scheme": "password", "secret": many }, "email": "a@b.c" } } });
    assert_eq!(put(&tag, &many.to_string()).0, 413, "sealed it is too long to be kept");
    let ask = |query: &str| owner.config("PUT", query, &tag, b"{}").status;
    assert_eq!((ask("?dry_run=True"), ask("?dry_run=yes"), ask("?dry_run")), (200, 400, 400));
    assert_eq!(owner.config("POST", "", &[], b"{}").status, 405);
    assert_eq!(owner.version(), 0);
}

#[test]
fn the_file_of_the_server_owns_what_it_names() {
    let hookpost = Setup::config(&format!("sources:\n{}", source("mine", "one"))).start();
    let owner = Owner::OneMachine(hookpost);
    let output = owner.apply(&format!("sources:\n{}", source("mine", "two")), &["--yes"], &[]);
    assert!(
        said(&output).contains("409") && said(&output).contains("the server's own file names this source"),
        "{}",
        said(&output)
    );
    assert!(owner.apply(&format!("sources:\n{}", source("other", "two")), &["--yes"], &[]).status.success());
    assert_eq!((owner.post("mine", "one"), owner.post("other", "two")), (202, 202));
}

#[test]
fn what_was_applied_outlives_a_crash_and_no_secret_lies_open() {
    let mut hookpost = Setup::default().start();
    std::fs::write(hookpost.folder().join("s.yaml"), format!("sources:\n{}", source("a", "hush-hush-hush")))
        .expect("a file");
    assert!(hookpost.verb(&["apply", "s.yaml", "--yes"]).status.success());
    hookpost.kill_and_restart();
    hookpost.post("/in/a", &[("authorization", "Bearer hush-hush-hush")], b"{}").accepted();
    hookpost.settle();
    assert!(hookpost.banner.contains("/in/a  (password, to ops@example.com)"), "{}", hookpost.banner);
    assert!(String::from_utf8_lossy(&hookpost.verb(&["status"]).stdout).contains("ok       mail       is kept"));
    hookpost.signal(rustix::process::Signal::TERM);
    hookpost.end();
    let store = std::fs::read(hookpost.data().join("hookpost.redb")).expect("a store");
    assert!(!String::from_utf8_lossy(&store).contains("hush-hush-hush"));
    let key = std::fs::metadata(hookpost.data().join("inbound-key")).expect("a key").permissions();
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&key) & 0o777, 0o600);
}
