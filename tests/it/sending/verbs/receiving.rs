//! `hookpost receive`: a receiver for trying things out.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::json;

use super::super::delivery;
use crate::harness::{PostOffice, Setup, event, eventually, hookpost, run};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// The verb, running until the test ends.
struct Receiving {
    child: Child,
    url: String,
    printed: Arc<Mutex<String>>,
}

impl Receiving {
    fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new(hookpost());
        command.env_clear().args(["receive", "--port", "0"]).args(arguments).stdout(Stdio::piped());
        let mut child = command.spawn().expect("hookpost starts");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut first = String::new();
        lines.read_line(&mut first).expect("a line");
        let url = first.strip_prefix("Receiving at ").and_then(|rest| rest.split(' ').next()).expect("an address");
        let (url, printed) = (url.to_owned(), Arc::new(Mutex::new(first.clone())));
        let shared = Arc::clone(&printed);
        std::thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                *shared.lock().expect("a text") += &format!("{line}\n");
            }
        });
        Self { child, url, printed }
    }

    /// Everything printed, once that is part of it.
    fn printed(&self, text: &str) -> String {
        eventually(&format!("{text:?} printed"), || {
            Some(self.printed.lock().expect("a text").clone()).filter(|printed| printed.contains(text))
        })
    }
}

impl Drop for Receiving {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
fn it_prints_what_arrives_and_answers_as_told() {
    let right = Receiving::start(&["--secret", SECRET, "--status", "503", "--delay", "1s"]);
    let wrong = Receiving::start(&["--secret", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"]);
    let unchecked = Receiving::start(&[]);
    let one = |name: &str, to: &Receiving, rest: &str| {
        format!("  {name}: {{ url: '{}/{name}', secret: '{SECRET}', schedule: [0]{rest} }}\n", to.url)
    };
    let all = [
        one("right", &right, ""),
        one("get", &right, ", method: GET"),
        one("wrong", &wrong, ""),
        one("unchecked", &unchecked, ""),
    ];
    let office = Setup::config(&format!("endpoints:\n{}", all.concat())).sending().start();
    let id = PostOffice::emit(&office, &event("order.created", json!({ "name": "Zoë \u{7}" }))).accepted();
    let answered = delivery(&office, &id, "right", "given_up")["attempts"][0].clone();
    assert_eq!(answered["status"], 503);
    assert!(answered["took"].as_u64().is_some_and(|took| (1_000..10_000).contains(&took)), "{answered}");
    assert_eq!(delivery(&office, &id, "unchecked", "delivered")["attempts"][0]["status"], 204);
    assert!(right.printed("").contains("(answers 503 after 1s)\n"), "{}", right.printed(""));
    let printed = right.printed(&format!("  POST /right  {id}  verified\n  | {{\"type\":\"order.created\","));
    assert!(printed.contains("Zoë"), "{printed}");
    right.printed(&format!("  GET /get?name=Zo%C3%AB+%07  {id}  verified\n"));
    wrong.printed(&format!("  POST /wrong  {id}  NOT VERIFIED: "));
    unchecked.printed(&format!("  POST /unchecked  {id}  not checked (say --secret)\n"));
}

#[test]
fn what_it_cannot_do_is_said_in_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let wrong: [(&[&str], i32, &str); 5] = [
        (&["--secret", "hush"], 2, "--secret: "),
        (&["--secret", "whsec_%"], 2, "--secret: "),
        (&["--delay", "soon"], 2, "--delay: is not a duration; write 2s or 1m"),
        (&["--status", "700"], 2, "700 is not in 200..=599"),
        (&["--port", &port], 1, "--port: cannot listen on 127.0.0.1:"),
    ];
    for (arguments, code, expected) in wrong {
        let output = run(folder.path(), &[&["receive"], arguments].concat(), &[]);
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(code) && words.contains(expected), "{arguments:?}: {words}");
        assert!(!words.contains("hush"), "{words}");
    }
}
