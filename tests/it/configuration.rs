//! What a newcomer types, and what the program says to it.

use crate::harness::{PASSWORD, Setup, run};

/// Starts with that environment and file, and tells what was said and the exit code.
fn refused(environment: &[(&str, &str)], config: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("c.yaml"), config).expect("a file");
    let mut all = vec![("HOOKPOST_LISTEN", "127.0.0.1:0")];
    if !config.is_empty() {
        all.push(("HOOKPOST_CONFIG", "c.yaml"));
    }
    all.extend_from_slice(environment);
    let output = run(folder.path(), &[], &all);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_wrong_setting_stops_the_start_and_is_named() {
    let wrong = [
        ("HOOKPOST_LISTEN", "nowhere", "HOOKPOST_LISTEN: \"nowhere\" is not an address and port; write 127.0.0.1:9000"),
        ("SMTP_URL", "mail.example.com", "SMTP_URL: is not a URL; write smtp://"),
        ("SMTP_URL", "smtp://u:hush@mail.example.com", "MAIL_FROM: is missing"),
        ("MAIL_FROM", "nobody", "MAIL_FROM: \"nobody\" is not an e-mail address"),
        ("EMAIL_ADDRESS", "a@example.com,b", "EMAIL_ADDRESS: \"b\" is not an e-mail address"),
        ("WEBHOOK_PASSWORD", "short", "WEBHOOK_PASSWORD: is shorter than 8 characters"),
        ("RUST_LOG", "loud", "RUST_LOG: \"loud\" is not a level. Allowed: error, warn"),
        ("HOOKPOST_ALLOW_LOOPBACK", "maybe", "HOOKPOST_ALLOW_LOOPBACK: \"maybe\" is not true or false"),
        ("HOOKPOST_CONFIG", "absent.yaml", "HOOKPOST_CONFIG: absent.yaml: No such file"),
    ];
    for (name, value, expected) in wrong {
        let mut environment = vec![(name, value)];
        if name != "EMAIL_ADDRESS" {
            environment.push(("EMAIL_ADDRESS", "ops@example.com"));
        }
        let said = refused(&environment, "");
        assert!(said.starts_with(&format!("hookpost: {expected}")), "{said}\nis not\n{expected}");
        assert!(!said.contains("hush"));
    }
    let said = refused(&[("SMTP_URL", "smtp://mail.example.com"), ("MAIL_FROM", "a@example.com")], "");
    assert!(said.contains("EMAIL_ADDRESS: is missing"), "{said}");
}

#[test]
fn a_wrong_file_stops_the_start_and_says_where() {
    let source = |inside: &str| format!("sources:\n  a:\n    verify: {{ scheme: github, secret: s }}\n{inside}");
    let wrong = [
        (source("    emial: [a@b.c]\n"), "sources.a.emial: is not a known key; did you mean \"email\"?"),
        (source("    email: [nobody]\n"), "sources.a.email: \"nobody\" is not an e-mail address"),
        (source(""), "sources.a.email: is missing"),
        (source("    publish: a b\n"), "sources.a.publish: \"a b\" is not an event type"),
        ("endpoints:\n  a: { ulr: x }\n".into(), "endpoints.a.ulr: is not a known key; did you mean \"url\"?"),
        (
            "endpoints:\n  a: { url: \"https://example.com/\", headers: { x: 1 } }\n".into(),
            "HOOKPOST_CONFIG: c.yaml: endpoints.a.headers.x: ",
        ),
        ("sauces: {}\n".into(), "sauces: is not a known key; did you mean \"sources\"?"),
        ("sources:\n  A: {}\n".into(), "sources.A: a source's name is 1 to 63 of a-z"),
        ("sources:\n  a: {}\n  a: {}\n".into(), "HOOKPOST_CONFIG: c.yaml: "),
        ("sources: [\n".into(), "HOOKPOST_CONFIG: c.yaml: "),
        (source("    email: {}\n"), "HOOKPOST_CONFIG: c.yaml: sources.a.email: "),
        (source("    email: a@b.c\n    delivery_id: X-Id\n"), "HOOKPOST_CONFIG: c.yaml: sources.a.delivery_id: "),
        (
            "sources:\n  a:\n    verify: { scheme: github, secret: env:NOT_SET }\n    email: a@b.c\n".into(),
            "sources.a.verify.secret: the environment has no NOT_SET",
        ),
    ];
    for (config, expected) in wrong {
        let said = refused(&[], &config);
        assert!(said.contains(expected), "{said}\nis not\n{expected}");
    }
}

#[test]
fn no_message_shows_a_secret_of_the_file() {
    let broken = [
        "sources:\n  a:\n    verify: { scheme: github, secret: hush-hush }\n    verify: { scheme: github, secret: hush-hush }\n",
        "sources:\n  a:\n    verify: { scheme: github, secret: hush-hush, secret: x }\n",
        "sources:\n  a:\n\tverify: { scheme: github, secret: hush-hush }\n",
        "sources:\n  a:\n    verify: { scheme: password, secret: 4815162342 }\n",
        "sources:\n  a:\n    verify: { scheme: password, secret: hush-hush }\n---\nx: *hush-hush\n",
        "endpoints:\n  a:\n    secret: 4815162342\n",
        "endpoints:\n  a:\n    auth: { bearer: 4815162342 }\n",
        "endpoints:\n  a:\n    headers: hush-hush\n",
    ];
    for config in broken {
        let said = refused(&[], config);
        assert!(!said.contains("hush") && !said.contains("4815162342"), "{said}");
        assert!(said.contains("HOOKPOST_CONFIG: c.yaml: ") || said.contains("sources.a.verify.secret: "), "{said}");
    }
}

#[test]
fn a_secret_comes_from_the_environment() {
    let config = "sources:\n  a: { verify: { scheme: password, secret: env:SHOP }, email: a@example.com }\n";
    let hookpost = Setup::config(config).with("SHOP", "from outside").start();
    hookpost.post("/in/a", &[("authorization", "Bearer from outside")], b"{}").accepted();
    hookpost.post("/in", &[("authorization", &format!("Bearer {PASSWORD}"))], b"{}").accepted();
}

#[test]
fn a_file_may_name_endpoints_only_and_loopback_is_loud() {
    let config = "endpoints:\n  site: { url: \"https://example.com/build\", auth: { bearer: env:BUILD } }\n";
    let hookpost = Setup::config(config).with("BUILD", "hush-hush").with("HOOKPOST_ALLOW_LOOPBACK", "true").start();
    assert!(hookpost.banner.contains("Endpoint     site  (at example.com)"), "{}", hookpost.banner);
    assert!(hookpost.banner.contains("Loopback     endpoints may be on this machine"), "{}", hookpost.banner);
    let log = hookpost.log();
    assert!(log.contains("endpoints may be on this machine") && !log.contains("hush"), "{log}");
    let key = std::fs::metadata(hookpost.data().join("outbound-key")).expect("a key").permissions();
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&key) & 0o777, 0o600);
    let quiet = Setup::default().start();
    assert!(!quiet.banner.contains("Loopback") && !quiet.log().contains("on this machine"));
}

#[test]
fn the_curl_line_works_as_pasted() {
    let hookpost = Setup::default().with("WEBHOOK_PASSWORD", "").with("ADMIN_TOKEN", "").start();
    let line = hookpost.banner.lines().find(|line| line.trim_start().starts_with("curl ")).expect("a line").to_owned();
    let output = std::process::Command::new("sh")
        .args(["-c", &format!("{line} --silent --show-error")])
        .output()
        .expect("a shell");
    let said = String::from_utf8_lossy(&output.stdout);
    let id = said.split('"').find(|part| part.starts_with("wh_")).unwrap_or_else(|| panic!("{output:?}"));
    assert!(hookpost.mail(id).text().contains("\"hello\": \"world\""));
    for file in ["webhook-password", "admin-token"] {
        let mode = std::os::unix::fs::PermissionsExt::mode(
            &std::fs::metadata(hookpost.data().join(file)).expect("a file").permissions(),
        );
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}

#[test]
fn a_password_of_ones_own_is_taken_as_it_is() {
    let password = "env:it's a $HOME of \"quotes\"";
    let hookpost = Setup::default().with("WEBHOOK_PASSWORD", password).start();
    hookpost.post("/in", &[("x-webhook-password", password)], b"{}").accepted();
    let line = hookpost.banner.lines().find(|line| line.trim_start().starts_with("curl ")).expect("a line").to_owned();
    let output = std::process::Command::new("sh")
        .env("WEBHOOK_PASSWORD", password)
        .args(["-c", &format!("{line} --silent")])
        .output();
    assert!(String::from_utf8_lossy(&output.expect("a shell").stdout).contains("wh_"));
}

#[test]
fn a_default_source_of_ones_own_replaces_the_made_one() {
    let config = "sources:\n  default: { verify: { scheme: password, secret: of-my-own }, email: me@example.com }\n";
    let hookpost = Setup::config(config).start();
    assert!(!hookpost.banner.contains("curl"), "{}", hookpost.banner);
    assert!(hookpost.log().contains("EMAIL_ADDRESS: the file names the default source"));
    hookpost.post("/in", &[("authorization", "Bearer of-my-own")], b"{}").accepted();
}

#[test]
fn what_was_made_is_kept() {
    let mut hookpost = Setup::default().with("WEBHOOK_PASSWORD", "").start();
    let made = || std::fs::read_to_string(hookpost.data().join("webhook-password")).expect("a password");
    let first = made();
    assert_eq!(first.trim().len(), 40);
    hookpost.kill_and_restart();
    let second = std::fs::read_to_string(hookpost.data().join("webhook-password")).expect("a password");
    assert_eq!(first, second);
    hookpost.post("/in", &[("x-webhook-password", first.trim())], b"{}").accepted();
}

#[test]
fn help_names_every_setting_and_shows_no_secret() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = run(
        folder.path(),
        &["--help"],
        &[("ADMIN_TOKEN", "hush-1"), ("WEBHOOK_PASSWORD", "hush-2"), ("SMTP_URL", "smtp://u:hush-3@h")],
    );
    let help = String::from_utf8_lossy(&output.stdout);
    let settings = [
        "HOOKPOST_LISTEN",
        "HOOKPOST_DATA",
        "HOOKPOST_CONFIG",
        "EMAIL_ADDRESS",
        "MAIL_FROM",
        "WEBHOOK_PASSWORD",
        "ADMIN_TOKEN",
        "SMTP_URL",
        "HOOKPOST_URL",
        "RUST_LOG",
    ];
    for name in settings {
        assert!(help.contains(name), "{name}: {help}");
    }
    for word in ["serve", "dead", "127.0.0.1:9000", "./.hookpost"] {
        assert!(help.contains(word), "{word}: {help}");
    }
    assert!(!help.contains("hush"), "{help}");
    assert!(run(folder.path(), &["--version"], &[]).status.success());
}

#[test]
fn a_signal_ends_what_is_in_hand_first() {
    use rustix::process::Signal;
    for signal in [Signal::TERM, Signal::INT] {
        let mut hookpost = Setup::default().start();
        let mut half = crate::harness::Exchange::open(hookpost.address).expect("a connection");
        let head =
            format!("POST /in HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {PASSWORD}\r\ncontent-length: 4\r\n\r\n\"a");
        half.send(head.as_bytes()).expect("half a request");
        std::thread::sleep(std::time::Duration::from_millis(200));
        hookpost.signal(signal);
        std::thread::sleep(std::time::Duration::from_millis(300));
        half.send(b"b\"").expect("the other half");
        half.answer().expect("an answer").accepted();
        assert!(hookpost.end().success());
    }
}

#[test]
fn a_port_that_is_taken_is_named() {
    let door = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = door.local_addr().expect("an address").to_string();
    let folder = tempfile::tempdir().expect("a folder");
    let output = run(folder.path(), &[], &[("HOOKPOST_LISTEN", &address)]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains(&format!("HOOKPOST_LISTEN: cannot listen on {address}")), "{said}");
}
