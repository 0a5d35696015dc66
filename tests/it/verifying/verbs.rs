//! `hookpost providers` and `hookpost verify`: what they say of requests that somebody wrote down.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::{ACME, SECRET, acme};
use crate::harness::{Github, hookpost, run, standard};

const WHSEC: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A folder with a file of sources and captured requests.
pub(super) struct Desk(tempfile::TempDir);

impl Desk {
    pub(super) fn new(yaml: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("hookpost.yaml"), yaml).expect("a file");
        Self(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    pub(super) fn keep(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.path().join(name), bytes).expect("a file");
    }

    /// The exit code and everything that was said.
    pub(super) fn says(&self, arguments: &[&str]) -> (i32, String) {
        let environment = [("HOOKPOST_CONFIG", "hookpost.yaml"), ("ACME_SECRET", SECRET)];
        told(&run(self.path(), arguments, &environment))
    }
}

fn told(output: &Output) -> (i32, String) {
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.code().unwrap_or(-1), said)
}

/// A request as it came over the wire.
pub(super) fn wire(headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let lines: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    [b"POST /in/github HTTP/1.1\r\nHost: hooks.example.com\r\n", lines.as_bytes(), b"\r\n", body].concat()
}

const GITHUB: &str = "sources:\n  github: { verify: { scheme: github, secret: env:ACME_SECRET }, email: a@b.c }\n  \
                      events: { verify: { scheme: standard, secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw }, email: a@b.c }\n";

#[test]
fn a_captured_request_is_proved_by_a_source_of_the_file() {
    let desk = Desk::new(GITHUB);
    let signature = Github { path: "", secret: SECRET }.signature(b"{}");
    desk.keep("good", wire(&[("X-Hub-Signature-256", &signature)], b"{}"));
    let proved = (0, "signed: the body is as the sender made it\n".to_owned());
    assert_eq!(desk.says(&["verify", "github", "--request", "good"]), proved);
    let flags = ["verify", "--scheme", "github", "--secret", "env:ACME_SECRET", "--body", "body", "--header"];
    desk.keep("body", "{}");
    let header = format!("X-Hub-Signature-256: {signature}");
    assert_eq!(desk.says(&[&flags[..], &[&*header]].concat()), proved);
    let event = json!({
        "version": "2.0", "rawPath": "/github", "rawQueryString": "", "headers": { "x-hub-signature-256": signature },
        "requestContext": { "http": { "method": "POST", "sourceIp": "192.0.2.1" } },
        "body": STANDARD.encode(b"{}"), "isBase64Encoded": true,
    });
    desk.keep("event.json", event.to_string());
    assert_eq!(desk.says(&["verify", "github", "--request", "event.json"]), proved);
    let mut piped = Command::new(hookpost());
    piped.env_clear().env("ACME_SECRET", SECRET).current_dir(desk.path());
    let mut piped = piped
        .args(["verify", "github", "--config", "hookpost.yaml"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("hookpost starts");
    let mut pipe = piped.stdin.take().expect("a pipe");
    pipe.write_all(&wire(&[("X-Hub-Signature-256", &signature)], b"{}")).expect("a request");
    drop(pipe);
    assert_eq!(told(&piped.wait_with_output().expect("an end")), proved);
}

#[test]
fn what_differs_is_said_and_what_would_fit_is_not_shown() {
    let desk = Desk::new(GITHUB);
    let github = Github { path: "", secret: SECRET };
    let signature = github.signature(b"{\"a\":1}");
    let refused = |request: Vec<u8>, more: &[&str], expected: &str| {
        desk.keep("request", request);
        let (code, said) = desk.says(&[&["verify"], more, &["--request", "request"]].concat());
        assert_eq!(code, 1, "{said}");
        assert!(said.contains(expected), "{said}\nhas not\n{expected}");
        assert!(said.ends_with("hookpost: the request was not proved\n"), "{said}");
        for body in [&b"{\"a\": 1}"[..], b"{\"a\":1}", b"{\"a\":1}\n", b"{}"] {
            let fitting = github.signature(body);
            assert!(!said.contains(&fitting[7..]) && !said.contains(SECRET), "{said}");
        }
    };
    let header = "X-Hub-Signature-256";
    let longer = wire(&[(header, &signature)], b"{\"a\":1}\n");
    refused(longer, &["github"], "It fits if the body ends without its line break: something on the way added one.");
    let spaced = wire(&[(header, &signature)], b"{\"a\": 1}");
    refused(
        spaced,
        &["github"],
        "It fits if the body is JSON without white space: something on the way laid it out anew.",
    );
    let bare = wire(&[(header, &signature[7..])], b"{\"a\":1}");
    refused(bare, &["github"], "It fits if nothing stands before it.");
    let elsewhere = wire(&[("X-Other-Signature", &signature)], b"{\"a\":1}");
    refused(
        elsewhere,
        &["github"],
        "header x-hub-signature-256 is missing\nIt fits if it is taken from header x-other-signature.",
    );
    let nobody = wire(&[(header, &github.signature(b"{}"))], b"{\"b\":1}");
    refused(nobody, &["github"], "not proved: no secret that is known here fits\nNothing that was tried makes it fit");
    let nothing = wire(&[], b"{}");
    refused(
        nothing,
        &["github"],
        "not proved: header x-hub-signature-256 is missing\nNo header of the request looks like a proof.",
    );
    let hmac = ["--scheme", "hmac", "--secret", "env:ACME_SECRET", "--set", "header=X-Hub-Signature-256"];
    let as_hmac = wire(&[(header, &signature)], b"{\"a\":1}");
    refused(as_hmac, &hmac, "It fits if \"sha256=\" stands before it.\nWrite  prefix: \"sha256=\"\n");
}

#[test]
fn an_old_request_may_be_genuine() {
    let desk = Desk::new(GITHUB);
    let old = |time: u64| {
        let headers = standard(WHSEC, "msg_1", time, b"{}");
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        wire(&headers, b"{}")
    };
    desk.keep("old", old(1_700_000_000));
    let (code, said) = desk.says(&["verify", "events", "--request", "old"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.starts_with("signed: the body is as the sender made it\nIt is refused by now: signed "), "{said}");
    assert!(said.contains("too old; say --at 2023-11-14T22:13:20Z to judge"), "{said}");
    let at = |time: &str| desk.says(&["verify", "events", "--request", "old", "--at", time]);
    assert_eq!(at("2023-11-14T22:17:00Z"), (0, "signed: the body is as the sender made it\n".into()));
    let (code, said) = at("2023-11-14T22:37:00Z");
    assert!(
        code == 1 && said.starts_with("not proved: signed 1420 s ago, which is too old\nBut for its time: signed"),
        "{said}"
    );
    assert_eq!(at("yesterday").0, 2);
}

#[test]
fn parts_that_are_said_wrongly_are_told_by_the_request() {
    let desk = Desk::new(ACME);
    let headers = acme("1", 1_700_000_000_000, "{}");
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    desk.keep("request", wire(&headers, b"{}"));
    let (code, said) = desk.says(&["verify", "acme", "--request", "request"]);
    assert!(code == 0 && said.starts_with("signed: "), "{said}");
    let wrong = [
        ("prefix: \"v1=\"", "prefix: \"\"", "Write  prefix: \"v1=\"\n"),
        ("encoding: base64", "encoding: hex", "Write  encoding: base64\n"),
        ("digest: sha512", "digest: sha256", "Write  digest: sha512\n"),
        ("unit: milliseconds", "unit: seconds", "Write  unit: milliseconds\n"),
        ("header: X-Acme-Signature", "header: X-Acme-Sig", "Write  header: x-acme-signature\n"),
        ("      digest: sha512\n", "      digest: sha512\n      key: base64\n", "Write  key: text\n"),
        ("{header:X-Acme-Id}.", "{header:X-Acme-Id}{method}.", "It fits if the method is not signed.\n"),
    ];
    for (right, wrong, expected) in wrong {
        assert!(ACME.contains(right), "{right}");
        // One secret, so that it may be read in another way.
        let yaml = ACME.replace("[old secret, c2Vj", "[c2Vj");
        desk.keep("hookpost.yaml", yaml.replacen(right, wrong, 1));
        let (code, said) = desk.says(&["verify", "acme", "--request", "request"]);
        assert!(code == 1 && said.contains(expected), "{wrong}: {said}");
    }
}

#[test]
fn orders_that_cannot_be_followed_say_what_to_write() {
    let desk = Desk::new(GITHUB);
    desk.keep("request", "{\"a\": 1}");
    let wrong: [(&[&str], &str); 12] = [
        (&["verify"], "Usage: hookpost verify [OPTIONS] <SOURCE|--scheme NAME>"),
        (&["verify", "--scheme", "whatsapp"], "--scheme: \"whatsapp\" is not a scheme; did you mean \"meta\"?"),
        (&["providers", "bearer"], "NAME: \"bearer\" is not known; did you mean \"password\" or \"jwt\"?"),
        (&["verify", "githb"], "SOURCE: the file names no source \"githb\"; did you mean \"github\"?"),
        (&["verify", "--scheme", "githb"], "--scheme: \"githb\" is not a scheme; did you mean \"github\"?"),
        (&["verify", "--scheme", "github"], "--secret: is missing; it is the secret that the provider shows (https://"),
        (&["verify", "--scheme", "hmac", "--secret", "s"], "--set header: is missing; it is the header that holds"),
        (&["verify", "--scheme", "github", "--secret", "s", "--set", "x"], "--set: is not KEY=VALUE"),
        (
            &["verify", "github", "--request", "request"],
            "--request: request: is JSON, but not the event of a Function URL",
        ),
        (&["verify", "github", "--request", "absent"], "--request: absent: No such file"),
        (&["verify", "github", "--header", "x"], "--header: \"x\" is not a header; write it like X-Signature: 1f2e"),
        (
            &["providers", "githb"],
            "NAME: \"githb\" is not known; did you mean \"github\"? hookpost providers lists them",
        ),
    ];
    for (arguments, expected) in wrong {
        let (code, said) = desk.says(arguments);
        assert!(code == 2 && said.contains(expected), "{arguments:?} {code}: {said}\nhas not\n{expected}");
    }
    let (code, said) = told(&run(desk.path(), &["verify", "github"], &[]));
    assert!(code == 2 && said.contains("HOOKPOST_CONFIG: is missing"), "{said}");
}

#[test]
fn providers_are_listed_and_shown_with_what_to_write() {
    let desk = Desk::new("");
    let (code, list) = desk.says(&["providers"]);
    assert_eq!(code, 0, "{list}");
    for (name, needs) in [("github", "secret"), ("standard", "secret"), ("hmac", "secret"), ("password", "secret")] {
        let line = list.lines().find(|line| line.split_whitespace().next() == Some(name));
        let line = line.unwrap_or_else(|| panic!("{name}: {list}"));
        assert!(line.split_whitespace().nth(1) == Some(needs) && line.contains("  https://"), "{line}");
    }
    for name in ["github", "hmac"] {
        let (code, shown) = desk.says(&["providers", name]);
        assert!(code == 0 && shown.contains(&format!("      scheme: {name}\n")), "{shown}");
        // The example is taken as it stands.
        let example = shown.split("sources:\n").nth(1).and_then(|rest| rest.split("\n\n").next()).expect("an example");
        desk.keep("hookpost.yaml", format!("sources:\n{example}\n"));
        desk.keep("request", "POST / HTTP/1.1\n\n{}");
        let variable = format!("{}_SECRET", name.to_uppercase());
        let environment = [("HOOKPOST_CONFIG", "hookpost.yaml"), (&*variable, SECRET)];
        let (code, said) = told(&run(desk.path(), &["verify", name, "--request", "request"], &environment));
        assert!(code == 1 && said.contains("is missing\n"), "{said}");
    }
    let (_, github) = desk.says(&["providers", "github"]);
    assert!(github.contains("scheme: hmac\n") && github.contains("      prefix: \"sha256=\"\n"), "{github}");
}
