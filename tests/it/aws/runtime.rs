//! The real runtime interface: AWS's own emulator of it runs the compiled functions.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::harness::{Stack, Tools, built, eventually, try_post};

/// A function under `aws-lambda-rie`, one invocation at a time.
struct Rie {
    child: Child,
    address: std::net::SocketAddr,
    log: std::path::PathBuf,
}

impl Rie {
    fn start(stack: &Stack, name: &str) -> Self {
        let port = || TcpListener::bind("127.0.0.1:0").and_then(|door| door.local_addr()).expect("a port");
        let (address, runtime) = (port(), port());
        let rie = Tools::ready().folder("sam").join("lib");
        let python = std::fs::read_dir(rie).expect("a folder").next().expect("Python").expect("an entry").path();
        let rie = python.join("site-packages/samcli/local/rapid/aws-lambda-rie-x86_64");
        let log = stack.folder().join(format!("rie-{name}"));
        let file = std::fs::File::create(&log).expect("a log");
        let mut command = Command::new(&rie);
        command.arg("--runtime-interface-emulator-address").arg(address.to_string());
        command.arg("--runtime-api-address").arg(runtime.to_string()).arg(built().join(name).join("bootstrap"));
        command.env_clear().envs(stack.environment(&name.to_lowercase())).env("AWS_SECRET_ACCESS_KEY", "secret");
        command.env("AWS_REGION", "us-east-1").env("PATH", "/usr/bin:/bin").current_dir(stack.folder());
        command.stdin(Stdio::null()).stdout(file.try_clone().expect("a log")).stderr(file);
        let child = command.spawn().unwrap_or_else(|problem| panic!("{}: {problem}", rie.display()));
        eventually("the runtime", || std::net::TcpStream::connect(address).ok());
        Self { child, address, log }
    }

    fn invoke(&self, event: &str) -> Value {
        let path = "/2015-03-31/functions/function/invocations";
        let answer = try_post(self.address, path, &[], event.as_bytes()).expect("an answer");
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }

    /// What it says of the time that things took.
    fn report(&self) -> String {
        let log = std::fs::read_to_string(&self.log).expect("a log");
        log.lines().filter(|line| line.contains("REPORT")).collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Rie {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn event(name: &str) -> String {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("events").join(name);
    std::fs::read_to_string(&file).unwrap_or_else(|problem| panic!("{}: {problem}", file.display()))
}

#[test]
fn the_functions_speak_the_runtime_interface() {
    let stack = Stack::deploy();
    let listener = Rie::start(&stack, "Listener");
    let accepted = listener.invoke(&event("listener-password.json"));
    assert_eq!(accepted["statusCode"], 202, "{accepted}");
    assert_eq!(listener.invoke(&event("listener-unknown-source.json"))["statusCode"], 404);
    let mailer = Rie::start(&stack, "Mailer");
    let mailed = mailer.invoke(&event("mailer-one.json"));
    assert_eq!(mailed, serde_json::json!({ "batchItemFailures": [] }));
    let sender = Rie::start(&stack, "Sender");
    assert_eq!(sender.invoke(&event("sender-direct.json"))["endpoints"], 0);
    let watcher = Rie::start(&stack, "Watcher");
    assert_eq!(watcher.invoke(&event("watcher-changes.json")), mailed);
    let deliverer = Rie::start(&stack, "Deliverer");
    let handed_back = deliverer.invoke(&event("deliverer-batch.json"));
    assert_eq!(handed_back["batchItemFailures"].as_array().map(Vec::len), Some(1), "{handed_back}");
    let api = Rie::start(&stack, "Api");
    assert_eq!(api.invoke(&event("api-unauthorized.json"))["statusCode"], 401);
    let out = [("Sender", &sender), ("Watcher", &watcher), ("Deliverer", &deliverer)];
    for (name, rie) in [("Listener", &listener), ("Mailer", &mailer), ("Api", &api)].into_iter().chain(out) {
        println!("{name}: {}", eventually("a report", || Some(rie.report()).filter(|report| !report.is_empty())));
    }
    stack.settle();
}
