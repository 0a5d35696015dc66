//! Providers' own libraries: asked to sign and to judge, a line of JSON each.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::request::Request;
use crate::harness::Tools;

/// The language of a library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tongue {
    Python,
    Node,
}

/// A running script that has every library of its language.
pub struct Libraries {
    script: Child,
    asks: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Libraries {
    pub fn start(tongue: Tongue) -> Self {
        let tools = Tools::ready();
        let mut script = match tongue {
            Tongue::Python => tools.python_server_of("vendors", "vendors.py"),
            Tongue::Node => tools.node_server("vendors.mjs", &[]),
        };
        let asks = script.stdin.take().expect("a pipe");
        let answers = BufReader::new(script.stdout.take().expect("a pipe"));
        Self { script, asks, answers }
    }

    fn ask(&mut self, question: &Value) -> Value {
        writeln!(self.asks, "{question}").expect("a script that listens");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("a line");
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("no answer to {question}"))
    }

    /// A new pair: what signs, and what the owner is shown to verify with.
    pub fn keys(&mut self, library: &str) -> (String, String) {
        let keys = self.ask(&json!({ "library": library, "action": "keys" }));
        let half = |name: &str| keys[name].as_str().unwrap_or_else(|| panic!("{library}: {keys}")).to_owned();
        (half("private"), half("public"))
    }

    /// The request as that library signs it at that time.
    pub fn sign(&mut self, library: &str, secret: &str, request: &Request, at: u64) -> Request {
        let mut question = question(library, "sign", secret, request);
        question["at"] = json!(at);
        let answer = self.ask(&question);
        let mut signed = request.clone();
        for (name, value) in answer["headers"].as_object().into_iter().flatten() {
            signed.set(name, value.as_str().expect("a text"));
        }
        if let Some(body) = answer["body_base64"].as_str() {
            signed.body = STANDARD.decode(body).expect("base64");
        }
        signed
    }

    /// Whether that library takes it for genuine; why not is for whoever reads of a failure.
    pub fn verify(&mut self, library: &str, secret: &str, request: &Request) -> Result<(), String> {
        let answer = self.ask(&question(library, "verify", secret, request));
        match answer["accepted"].as_bool() {
            Some(true) => Ok(()),
            _ => Err(answer.to_string()),
        }
    }
}

fn question(library: &str, action: &str, secret: &str, request: &Request) -> Value {
    json!({ "library": library, "action": action, "secret": secret, "request": request.to_json() })
}

impl Drop for Libraries {
    fn drop(&mut self) {
        drop(self.script.kill());
        drop(self.script.wait());
    }
}
