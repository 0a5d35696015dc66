//! Where webhooks may go: judged when an endpoint is named, and again at each attempt.

use std::time::Duration;

use super::{TOKEN, delivery, emitted, endpoint, serving};
use crate::harness::{ADMIN, Hookpost, Receiver, Setup, eventually, run};

/// Addresses that nobody may name, whatever is allowed, and what is said of them.
const FORBIDDEN: [(&str, &str); 10] = [
    ("https://169.254.169.254/latest/", "only public addresses are allowed"),
    ("https://10.0.0.1/", "only public addresses are allowed"),
    ("https://192.168.1.1/", "only public addresses are allowed"),
    ("https://[fd00::1]/", "only public addresses are allowed"),
    ("https://[::ffff:10.0.0.1]/", "only public addresses are allowed"),
    ("https://0x0a000001/", "only public addresses are allowed"),
    ("https://example.com:22/", "names a port that is not allowed"),
    ("http://example.com/", "is not https"),
    ("ftp://example.com/", "is not https"),
    ("https://user:word@example.com/", "holds a user name or a password"),
];

const LOOPBACK: [&str; 4] = ["http://127.0.0.1:1/", "http://localhost:1/", "https://[::1]/", "https://a.localhost/"];

fn configured(url: &str) -> String {
    format!("endpoints:\n{}", endpoint("a", url, ""))
}

/// Says why the program does not start with that endpoint in its file.
fn not_started(url: &str, environment: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("hookpost.yaml"), configured(url)).unwrap();
    let given = [
        ("HOOKPOST_LISTEN", "127.0.0.1:0"),
        ("EMAIL_ADDRESS", "ops@example.com"),
        ("HOOKPOST_CONFIG", "hookpost.yaml"),
    ];
    let output = run(folder.path(), &["serve"], &[&given, environment].concat());
    assert!(!output.status.success(), "{url}");
    String::from_utf8(output.stderr).unwrap()
}

fn applied(hookpost: &Hookpost, url: &str) -> (bool, String) {
    std::fs::write(hookpost.folder().join("applied.yaml"), configured(url)).unwrap();
    let address = format!("http://{}", hookpost.address);
    let environment = [("HOOKPOST_URL", &*address), ("ADMIN_TOKEN", ADMIN)];
    let output = run(hookpost.folder(), &["apply", "applied.yaml", "--yes"], &environment);
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    (output.status.success(), said)
}

#[test]
fn forbidden_addresses_are_refused_by_name_wherever_they_are_written() {
    for allowed in ["true", "false"] {
        let hookpost = Setup::default().with("HOOKPOST_ALLOW_LOOPBACK", allowed).start();
        for (url, why) in FORBIDDEN {
            let said = not_started(url, &[("HOOKPOST_ALLOW_LOOPBACK", allowed)]);
            assert!(said.contains("endpoints.a.url: ") && said.contains(why), "{url}: {said}");
            let (is_applied, said) = applied(&hookpost, url);
            assert!(!is_applied && said.contains("endpoints.a.url: ") && said.contains(why), "{url}: {said}");
        }
    }
}

#[test]
fn loopback_is_for_those_who_allow_it() {
    let closed = Setup::default().start();
    let open = Setup::default().with("HOOKPOST_ALLOW_LOOPBACK", "true").start();
    for url in LOOPBACK {
        let said = not_started(url, &[]);
        assert!(said.contains("endpoints.a.url: "), "{url}: {said}");
        let (is_applied, said) = applied(&closed, url);
        assert!(!is_applied && said.contains("endpoints.a.url: "), "{url}: {said}");
        let (is_applied, said) = applied(&open, url);
        assert!(is_applied, "{url}: {said}");
    }
}

#[test]
fn what_is_no_longer_allowed_is_not_called_and_nothing_is_lost() {
    let receiver = Receiver::start();
    let open = || Setup::default().with("HOOKPOST_ALLOW_LOOPBACK", "true").with("EVENTS_TOKEN", TOKEN);
    let mut hookpost = open().start();
    let (is_applied, said) = applied(&hookpost, &receiver.url("/"));
    assert!(is_applied, "{said}");
    emitted(&hookpost, "before", "order.created");
    receiver.wait_for(1);
    receiver.stop();
    emitted(&hookpost, "waiting", "order.created");
    super::tried(&hookpost, "waiting", "a");
    receiver.start_again();
    hookpost.leaves_work();
    hookpost.restart_as(Setup::default().with("EVENTS_TOKEN", TOKEN));
    let logged = |hookpost: &Hookpost| hookpost.log().contains("endpoint a cannot be used as it was applied");
    eventually("a line in the log", || logged(&hookpost).then_some(()));
    std::thread::sleep(Duration::from_secs(6));
    assert_eq!((receiver.count(), receiver.connections()), (1, 1), "it was called");
    let found = delivery(&hookpost, "waiting", "a");
    assert_eq!(found["state"], "pending", "{found}");
    hookpost.restart_as(open());
    receiver.wait_for(2);
    eventually("a delivery", || (delivery(&hookpost, "waiting", "a")["state"] == "delivered").then_some(()));
}

#[test]
fn the_file_may_name_this_machine_only_if_that_is_allowed() {
    let receiver = Receiver::start();
    let hookpost = serving(&endpoint("a", &receiver.named_url("/"), "")).start();
    assert!(hookpost.log().contains("endpoints may be on this machine"), "{}", hookpost.log());
    emitted(&hookpost, "one", "order.created");
    receiver.wait_for(1);
}
