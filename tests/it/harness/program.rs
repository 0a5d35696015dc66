//! The real program in a folder of its own, stopped at the end of the test.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Output};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use super::http::{self, Answer};
use super::launch::spawn;
use super::{eventually, within};

pub const PASSWORD: &str = "correct horse battery staple";
pub const ADMIN: &str = "admin-token-of-the-tests";
pub const EVENTS: &str = "events-token-of-the-tests";

/// How the program is started.
#[derive(Default)]
pub struct Setup {
    pub config: Option<String>,
    pub environment: Vec<(&'static str, String)>,
    /// Files grow to this size and no further.
    pub file_limit: Option<u64>,
}

impl Setup {
    pub fn config(yaml: &str) -> Self {
        Self { config: Some(yaml.to_owned()), ..Self::default() }
    }

    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.environment.push((name, value.into()));
        self
    }

    /// With the token for events, and endpoints that may be on this machine.
    pub fn sending(self) -> Self {
        self.with("EVENTS_TOKEN", EVENTS).with("HOOKPOST_ALLOW_LOOPBACK", "true")
    }

    pub fn start(self) -> Hookpost {
        Hookpost::start(self, tempfile::tempdir().expect("a folder"))
    }
}

/// A running server.
pub struct Hookpost {
    pub address: SocketAddr,
    /// What it printed at start.
    pub banner: String,
    setup: Setup,
    folder: Option<TempDir>,
    child: Child,
    leaves_work: bool,
}

/// A kept mail.
#[derive(Clone, Debug)]
pub struct Mail(pub Value);

impl Mail {
    fn field(&self, name: &str) -> &str {
        self.0[name].as_str().unwrap_or_default()
    }

    pub fn id(&self) -> &str {
        self.field("id")
    }

    pub fn subject(&self) -> &str {
        self.field("subject")
    }

    pub fn to(&self) -> &str {
        self.field("to")
    }

    pub fn text(&self) -> &str {
        self.field("text")
    }

    pub fn html(&self) -> &str {
        self.field("html")
    }
}

impl Hookpost {
    fn start(setup: Setup, folder: TempDir) -> Self {
        if let Some(config) = &setup.config {
            std::fs::write(folder.path().join("hookpost.yaml"), config).expect("a file");
        }
        let (child, address, banner) = spawn(&setup, folder.path()).unwrap_or_else(|log| panic!("no start: {log}"));
        Self { address, banner, setup, folder: Some(folder), child, leaves_work: false }
    }

    pub fn folder(&self) -> &Path {
        self.folder.as_ref().expect("a folder").path()
    }

    pub fn data(&self) -> PathBuf {
        self.folder().join("data")
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Everything logged since the first start.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder().join("log")).expect("a log")
    }

    #[track_caller]
    pub fn post(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        http::post(self.address, path, headers, body)
    }

    #[track_caller]
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        http::try_send(self.address, method, path, headers, body).expect("an answer")
    }

    #[track_caller]
    pub fn get(&self, path: &str) -> Answer {
        http::get(self.address, path, &[("accept", "application/json")])
    }

    /// Posts with the default source's password.
    #[track_caller]
    pub fn post_default(&self, body: &[u8]) -> Answer {
        self.post("/in", &[("authorization", &format!("Bearer {PASSWORD}"))], body)
    }

    pub fn health(&self) -> Value {
        self.get("/health").json()
    }

    /// Every kept mail, latest first.
    pub fn mails(&self) -> Vec<Mail> {
        let (mut mails, mut page) = (Vec::new(), "/mail".to_owned());
        loop {
            let answer = self.get(&page).json();
            mails.extend(answer["data"].as_array().expect("a list").iter().cloned().map(Mail));
            let Some(next) = answer["next"].as_str() else { return mails };
            page = format!("/mail?before={next}");
        }
    }

    /// The mail of that webhook, waited for.
    #[track_caller]
    pub fn mail(&self, id: &str) -> Mail {
        eventually(&format!("mail of {id}"), || {
            let answer = self.get(&format!("/mail/{id}"));
            (answer.status == 200).then(|| Mail(answer.json()))
        })
    }

    /// The mail as it would travel.
    pub fn eml(&self, id: &str) -> Vec<u8> {
        self.mail(id);
        self.get(&format!("/mail/{id}.eml")).body
    }

    /// Waits until nothing is queued.
    pub fn settle(&self) {
        within(Duration::from_secs(150), "an empty queue", || (self.health()["queued"] == 0).then_some(()));
    }

    /// The test ends with work undone on purpose.
    pub fn leaves_work(&mut self) {
        self.leaves_work = true;
    }

    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.child.id() as i32).expect("a pid");
        kill_process(pid, signal).expect("a signal");
    }

    /// `kill -9`, then the same program on the same folder.
    pub fn kill_and_restart(&mut self) {
        self.child.kill().expect("a kill");
        self.restart();
    }

    /// Waits for the end, then starts the same program on the same folder.
    pub fn restart(&mut self) {
        self.child.wait().expect("an end");
        let (child, address, banner) =
            spawn(&self.setup, self.folder()).unwrap_or_else(|log| panic!("no restart: {log}"));
        (self.child, self.address, self.banner) = (child, address, banner);
    }

    /// `kill -9`, then started otherwise on the same folder.
    pub fn restart_as(&mut self, setup: Setup) {
        self.setup = setup;
        self.kill_and_restart();
    }

    /// Waits for the end and tells how it came.
    pub fn end(&mut self) -> std::process::ExitStatus {
        self.leaves_work = true;
        self.child.wait().expect("an end")
    }

    /// Runs a verb against this server.
    pub fn verb(&self, arguments: &[&str]) -> Output {
        self.verb_in(arguments, &[])
    }
}

impl Drop for Hookpost {
    /// No test ends with unprocessed work.
    fn drop(&mut self) {
        if !std::thread::panicking() && !self.leaves_work {
            self.settle();
        }
        let failed = std::thread::panicking();
        drop(self.child.kill());
        drop(self.child.wait());
        if failed && let Some(folder) = self.folder.take() {
            eprintln!("the program's log:\n{}", std::fs::read_to_string(folder.path().join("log")).unwrap_or_default());
        }
    }
}
