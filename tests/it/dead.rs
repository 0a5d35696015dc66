//! Dead letters: listed, shown and retried by their owner.

use crate::harness::{ADMIN, Hookpost, MailServer, Setup, eventually};

fn with_a_dead_letter(server: &MailServer, body: &[u8]) -> (Hookpost, String) {
    let hookpost = Setup::default().with("SMTP_URL", server.url()).with("MAIL_FROM", "post@example.com").start();
    server.refuse(Some("554 this message is not wanted"));
    let id = hookpost.post_default(body).accepted();
    eventually("a dead letter", || (hookpost.health()["dead_letters"] == 1).then_some(()));
    hookpost.settle();
    (hookpost, id)
}

fn said(output: &std::process::Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_dead_letter_is_listed_shown_and_retried() {
    let server = MailServer::start();
    let (mut hookpost, id) = with_a_dead_letter(&server, br#"{"keep": "me"}"#);
    let list = said(&hookpost.verb(&["dead", "list"]));
    assert!(
        list.contains(&id) && list.contains("default") && list.contains("554 this message is not wanted"),
        "{list}"
    );
    let shown = said(&hookpost.verb(&["dead", "show", &id]));
    assert!(shown.contains(r#""body": "{\"keep\": \"me\"}""#) && shown.contains("[redacted]"), "{shown}");
    assert!(shown.contains(r#""proof": "authenticated""#), "{shown}");

    hookpost.kill_and_restart();
    eventually("a line at start", || hookpost.log().contains("dead letters wait").then_some(()));
    server.refuse(None);
    said(&hookpost.verb(&["dead", "retry", &id]));
    let mail = eventually("a mail", || server.mails().pop());
    assert!(mail.data.contains("\"keep\": \"me\""));
    hookpost.settle();
    assert_eq!(said(&hookpost.verb(&["dead", "list"])), "No dead letters.\n");
    assert_eq!(server.mails().len(), 1);
}

#[test]
fn a_big_body_lives_as_long_as_its_dead_letter() {
    let server = MailServer::start();
    let body = vec![b'x'; 200_000];
    let (mut hookpost, id) = with_a_dead_letter(&server, &body);
    hookpost.kill_and_restart();
    let shown =
        hookpost.send("GET", &format!("/api/v1/dead/{id}"), &[("authorization", &format!("Bearer {ADMIN}"))], b"");
    assert_eq!(shown.json()["body"].as_str().map(str::len), Some(200_000));
    server.refuse(None);
    said(&hookpost.verb(&["dead", "retry", "--all"]));
    eventually("a mail", || server.mails().pop());
    hookpost.settle();
    eventually("no body left", || {
        std::fs::read_dir(hookpost.data().join("bodies")).expect("a folder").next().is_none().then_some(())
    });
}

#[test]
fn the_same_delivery_may_come_again_after_it_died() {
    let server = MailServer::start();
    let config = "sources:\n  s: { verify: { scheme: password, secret: hush }, email: ops@example.com, delivery_id: { header: x-id } }\n";
    let hookpost = Setup::config(config).with("SMTP_URL", server.url()).with("MAIL_FROM", "post@example.com").start();
    let post = || hookpost.post("/in/s", &[("authorization", "Bearer hush"), ("x-id", "1")], b"{}").accepted();
    server.refuse(Some("550 no"));
    let first = post();
    eventually("a dead letter", || (hookpost.health()["dead_letters"] == 1).then_some(()));
    server.refuse(None);
    post();
    eventually("a mail", || server.mails().pop());
    // The letter that died is a duplicate now.
    said(&hookpost.verb(&["dead", "retry", &first]));
    hookpost.settle();
    assert_eq!((server.mails().len(), &hookpost.health()["dead_letters"]), (1, &serde_json::json!(0)));
}

#[test]
fn the_management_api_wants_the_admin_token() {
    let hookpost = Setup::default().start();
    for path in ["/api/v1/dead", "/api/v1/dead/wh_0", "/api/v1/nothing"] {
        assert_eq!(hookpost.get(path).status, 401, "{path}");
        assert_eq!(hookpost.send("GET", path, &[("authorization", "Bearer wrong")], b"").status, 401, "{path}");
    }
    let admin = format!("Bearer {ADMIN}");
    let ask = |method, path: &str| hookpost.send(method, path, &[("authorization", &admin)], b"");
    assert_eq!(ask("GET", "/api/v1/dead").json()["data"], serde_json::json!([]));
    assert_eq!(ask("GET", "/api/v1/dead/wh_0").status, 404);
    assert_eq!(ask("POST", &format!("/api/v1/dead/wh_{:032x}/retry", 1)).status, 404);
    assert_eq!(ask("DELETE", "/api/v1/dead").status, 405);
    assert_eq!(ask("GET", "/api/v1/dead?limit=0").status, 400);
}

#[test]
fn a_verb_says_what_went_wrong() {
    let hookpost = Setup::default().start();
    let fails = |arguments: &[&str]| {
        let output = hookpost.verb(arguments);
        assert!(!output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    assert!(fails(&["dead", "show", "wh_zz"]).contains("32 hexadecimal digits"));
    assert!(fails(&["dead", "show", &format!("wh_{:032x}", 1)]).contains("no such dead letter"));
    let nobody = crate::harness::run(
        hookpost.folder(),
        &["dead", "list"],
        &[("HOOKPOST_URL", "http://127.0.0.1:1"), ("ADMIN_TOKEN", "x")],
    );
    assert!(String::from_utf8_lossy(&nobody.stderr).contains("http://127.0.0.1:1: "), "{nobody:?}");
    let elsewhere =
        crate::harness::run(hookpost.folder(), &["status"], &[("HOOKPOST_URL", "https://hookpost.example.com")]);
    assert!(String::from_utf8_lossy(&elsewhere.stderr).contains("ShowAdminToken"), "{elsewhere:?}");
    for verb in [&["status"][..], &["dead", "list"], &["dead", "retry", "--all"]] {
        let url = format!("http://{}/health/?", hookpost.address);
        let answer = crate::harness::run(hookpost.folder(), verb, &[("HOOKPOST_URL", &url), ("ADMIN_TOKEN", "x")]);
        assert!(!answer.status.success(), "{verb:?}: {answer:?}");
    }
    let tokenless = crate::harness::run(hookpost.folder(), &["dead", "list"], &[("HOOKPOST_DATA", "elsewhere")]);
    assert!(String::from_utf8_lossy(&tokenless.stderr).contains("ADMIN_TOKEN: is missing"), "{tokenless:?}");
}
