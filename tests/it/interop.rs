//! Other people's signers, mail server and mail reader agree with us.

mod formats;
mod guarded;
mod outbound;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Child;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::harness::{Setup, Tools, eventually, within};

const WHSEC: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

#[test]
fn every_example_of_github_is_taken_and_found_in_the_mail() {
    let tools = Tools::ready();
    let config = "sources:\n  github: { verify: { scheme: github, secret: s3cret }, email: ops@example.com, caller_limit: none }\n";
    let hookpost = Setup::config(config).start();
    let url = format!("http://{}/in/github", hookpost.address);
    let posted = tools.node("octokit.mjs", &[&url, "s3cret"]);
    assert!(posted.len() > 300, "{}", posted.len());
    hookpost.settle();
    let folder = tempfile::tempdir().expect("a folder");
    let mut files = Vec::new();
    for example in &posted {
        assert_eq!(example["status"], 202, "{example}");
        assert!(example["altered_status"].is_null() || example["altered_status"] == 401, "{example}");
        let id = example["id"].as_str().expect("an id");
        let file = folder.path().join(format!("{id}.eml"));
        std::fs::write(&file, hookpost.eml(id)).expect("a file");
        files.push(file.display().to_string());
    }
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    for (example, mail) in posted.iter().zip(tools.python("read_mail.py", &files)) {
        found_in(example, &mail);
    }
    assert_eq!(hookpost.mails().len(), posted.len());
}

/// The mail of an example, as Python reads it: all of the payload, in the text or attached.
fn found_in(example: &Value, mail: &Value) {
    assert_eq!(mail["defects"], serde_json::json!([]), "{mail}");
    let event = example["event"].as_str().expect("an event");
    assert!(
        mail["subject"].as_str().is_some_and(|subject| subject.starts_with(&format!("github: {event} "))),
        "{mail}"
    );
    let text = mail["text"].as_str().expect("a text");
    assert!(text.contains(example["delivery"].as_str().expect("an id")), "{text}");
    let attached = mail["attachments"].as_array().expect("a list");
    if let [attachment] = &attached[..] {
        assert_eq!((&attachment["sha256"], &attachment["bytes"]), (&example["sha256"], &example["bytes"]));
        return;
    }
    let start = text.find("\n{").expect("a body");
    let end = text.rfind("\n}\n").expect("its end");
    let compact = without_space(&text[start..end + 2]);
    assert_eq!(hex::encode(Sha256::digest(compact)), example["sha256"], "{text}");
}

/// JSON as `JSON.stringify` writes it: no white space outside texts.
fn without_space(json: &str) -> String {
    let (mut inside, mut escaped) = (false, false);
    let keep = |c: &char| {
        let space = !inside && c.is_ascii_whitespace();
        inside ^= *c == '"' && !escaped;
        escaped = *c == '\\' && !escaped;
        !space
    };
    json.chars().filter(keep).collect()
}

#[test]
fn the_official_standard_webhooks_libraries_are_understood() {
    let tools = Tools::ready();
    let config =
        format!("sources:\n  s: {{ verify: {{ scheme: standard, secret: {WHSEC} }}, email: ops@example.com }}\n");
    let hookpost = Setup::config(&config).start();
    let url = format!("http://{}/in/s", hookpost.address);
    let python = tools.python("standard.py", &[&url, WHSEC]);
    let node = tools.node("standard.mjs", &[&url, WHSEC]);
    assert_eq!((python.len(), node.len()), (20, 20));
    let mut accepted = 0;
    for post in python.iter().chain(&node) {
        assert_eq!(post["status"], post["expected"], "{post}");
        accepted += usize::from(post["status"] == 202);
    }
    hookpost.settle();
    assert_eq!(hookpost.mails().len(), accepted);
}

/// aiosmtpd in a folder of its own.
struct Aiosmtpd {
    server: Child,
    port: u64,
    mails: PathBuf,
}

impl Aiosmtpd {
    fn start(folder: &Path, arguments: &[&str]) -> Self {
        let tools = Tools::ready();
        tools.python("make_certificates.py", &[&folder.display().to_string()]);
        let mails = folder.join("mails");
        std::fs::create_dir_all(&mails).expect("a folder");
        let path = |name: &str| folder.join(name).display().to_string();
        let (cert, key, dir) = (path("server.pem"), path("server.key"), path("mails"));
        let mut all = vec!["--cert", &*cert, "--key", &*key, "--dir", &*dir];
        all.extend_from_slice(arguments);
        let mut server = tools.python_server("smtp_server.py", &all);
        let mut line = String::new();
        BufReader::new(server.stdout.as_mut().expect("a pipe")).read_line(&mut line).expect("a line");
        let ready: Value = serde_json::from_str(&line).expect("a port");
        Self { server, port: ready["port"].as_u64().expect("a port"), mails }
    }

    fn arrived(&self) -> Vec<PathBuf> {
        let names = std::fs::read_dir(&self.mails).expect("a folder").filter_map(|entry| Some(entry.ok()?.path()));
        names.filter(|path| path.extension().is_some_and(|extension| extension == "eml")).collect()
    }
}

impl Drop for Aiosmtpd {
    fn drop(&mut self) {
        drop(self.server.kill());
        drop(self.server.wait());
    }
}

#[test]
fn a_real_mail_server_gets_mail_over_starttls_with_a_password() {
    let folder = tempfile::tempdir().expect("a folder");
    for (scheme, arguments) in [
        ("smtp", &["--user", "us@er", "--password", "p:ss"][..]),
        ("smtps", &["--tls-implicit", "--user", "us@er", "--password", "p:ss"]),
    ] {
        let server = Aiosmtpd::start(&folder.path().join(scheme), arguments);
        let url = format!("{scheme}://us%40er:p%3Ass@localhost:{}", server.port);
        let ca = folder.path().join(scheme).join("ca.pem").display().to_string();
        let hookpost = Setup::default()
            .with("SMTP_URL", url)
            .with("MAIL_FROM", "post@example.com")
            .with("SSL_CERT_FILE", ca)
            .start();
        let bodies = [&b"{\"city\": \"K\xc3\xb6ln \xf0\x9f\x93\xae\"}"[..], b"\x00\xff\xfe binary", &[b'z'; 100_000]];
        for body in bodies {
            hookpost.post_default(body).accepted();
        }
        within(std::time::Duration::from_secs(60), "three mails", || (server.arrived().len() == 3).then_some(()));
        let files: Vec<String> = server.arrived().iter().map(|path| path.display().to_string()).collect();
        let mails = Tools::ready().python("read_mail.py", &files.iter().map(String::as_str).collect::<Vec<_>>());
        for body in bodies {
            let sha256 = hex::encode(Sha256::digest(body));
            assert!(
                mails.iter().any(|mail| holds(mail, body, &sha256)),
                "{}: {mails:?}",
                String::from_utf8_lossy(body)
            );
        }
        for mail in &mails {
            assert_eq!(mail["defects"], serde_json::json!([]), "{mail}");
            assert_eq!(mail["text_charset"], "utf-8", "{mail}");
        }
        for file in files {
            let envelope: Value =
                serde_json::from_slice(&std::fs::read(file.replace(".eml", ".json")).expect("an envelope"))
                    .expect("JSON");
            assert_eq!(
                (&envelope["tls"], &envelope["authenticated"]),
                (&Value::Bool(true), &Value::Bool(true)),
                "{envelope}"
            );
        }
    }
}

fn holds(mail: &Value, body: &[u8], sha256: &str) -> bool {
    let text = mail["text"].as_str().unwrap_or_default();
    let attached = &mail["attachments"][0];
    match std::str::from_utf8(body) {
        Ok(body) if body.len() < 1_000 => {
            text.contains("Köln 📮")
                && mail["structure"] == serde_json::json!(["multipart/alternative", "text/plain", "text/html"])
        }
        _ => attached["sha256"] == sha256 && attached["bytes"] == body.len(),
    }
}

#[test]
fn a_mail_server_that_nobody_vouches_for_gets_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Aiosmtpd::start(folder.path(), &["--user", "u", "--password", "hush-hush"]);
    let mut hookpost = Setup::default()
        .with("SMTP_URL", format!("smtp://u:hush-hush@localhost:{}", server.port))
        .with("MAIL_FROM", "post@example.com")
        .start();
    hookpost.post_default(b"{}").accepted();
    let line =
        eventually("a refusal", || hookpost.log().lines().find(|line| line.contains("tried again")).map(str::to_owned));
    assert!(line.contains("certificate"), "{line}");
    assert!(server.arrived().is_empty() && !hookpost.log().contains("hush-hush"));
    hookpost.leaves_work();
}

#[test]
fn a_wrong_password_for_the_mail_server_is_no_fault_of_the_webhook() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Aiosmtpd::start(folder.path(), &["--user", "u", "--password", "right"]);
    let mut hookpost = Setup::default()
        .with("SMTP_URL", format!("smtp://u:wrong-one@localhost:{}", server.port))
        .with("MAIL_FROM", "post@example.com")
        .with("SSL_CERT_FILE", folder.path().join("ca.pem").display().to_string())
        .start();
    hookpost.post_default(b"{}").accepted();
    let line =
        eventually("a refusal", || hookpost.log().lines().find(|line| line.contains("tried again")).map(str::to_owned));
    assert!(line.contains("535"), "{line}");
    assert_eq!(hookpost.health()["dead_letters"], 0);
    hookpost.leaves_work();
}
