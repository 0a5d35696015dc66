//! The servers that are measured, each started anew in a folder of its own.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

pub const SECRET: &str = "the secret of the benchmark";

/// Every hook runs the cheapest command there is.
const HOOKS: &str = r#"[{"id": "github", "execute-command": "/bin/true",
"trigger-rule": {"match": {"type": "payload-hmac-sha256", "secret": "the secret of the benchmark",
"parameter": {"source": "header", "name": "X-Hub-Signature-256"}}}}]"#;

const SOURCES: &str = "sources:\n  github: { verify: { scheme: github, secret: the secret of the benchmark }, email: ops@example.com, caller_limit: none }\n";

/// A server that is killed when it is no longer measured.
pub struct Running {
    pub address: SocketAddr,
    pub path: &'static str,
    /// Memory before the first request, in MB.
    pub rest: f64,
    pub child: Child,
    pub folder: TempDir,
    /// A mail server that never says a word.
    silence: Option<TcpListener>,
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mailing {
    /// Every mail is kept.
    On,
    /// The mail server takes calls and never speaks: mailing waits.
    Off,
}

/// Servers run on the first processor, the caller on the second: neither takes time from the other.
pub fn pinned(program: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", "0"]).arg(program);
    command
}

pub fn beside(name: &str) -> PathBuf {
    std::env::current_exe().expect("a path").with_file_name(name)
}

pub fn baseline() -> Running {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = pinned(&beside("bench"));
    command.arg("baseline");
    announced(command, "/in/github", folder, None)
}

pub fn hookpost(mailing: Mailing) -> Running {
    hookpost_on(tempfile::tempdir_in(data()).expect("a folder"), mailing)
}

/// Stores lie on the disk of the build, not on a memory disk.
pub fn data() -> PathBuf {
    let folder = beside("bench-data");
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

pub fn hookpost_on(folder: TempDir, mailing: Mailing) -> Running {
    let mut command = program(&folder, SOURCES);
    let silence = (mailing == Mailing::Off).then(|| TcpListener::bind("127.0.0.1:0").expect("a port"));
    if let Some(silence) = &silence {
        command.env("SMTP_URL", format!("smtp://{}", silence.local_addr().expect("an address")));
        command.env("MAIL_FROM", "post@example.com").env("EMAIL_ADDRESS", "ops@example.com");
    }
    announced(command, "/in/github", folder, silence)
}

/// The program that delivers to this machine, with a token for events.
pub fn delivering(folder: TempDir, endpoints: &str, token: &str) -> Running {
    let mut command = program(&folder, endpoints);
    command.env("HOOKPOST_ALLOW_LOOPBACK", "true").env("EVENTS_TOKEN", token);
    announced(command, "/events", folder, None)
}

fn program(folder: &TempDir, config: &str) -> Command {
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("hookpost.yaml"), config).expect("a file");
    let log = std::fs::File::create(path("log")).expect("a log");
    let mut command = pinned(&beside("hookpost"));
    command.env("HOOKPOST_LISTEN", "127.0.0.1:0").env("HOOKPOST_DATA", path("data"));
    command.env("HOOKPOST_CONFIG", path("hookpost.yaml")).stderr(log);
    command
}

/// A server that prints its address in its first line.
fn announced(mut command: Command, path: &'static str, folder: TempDir, silence: Option<TcpListener>) -> Running {
    let mut child = command.stdout(Stdio::piped()).spawn().expect("a server");
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().expect("a pipe")).read_line(&mut line).expect("a line");
    let address = line.trim().rsplit("http://").next().and_then(|address| address.parse().ok()).expect("an address");
    ready(child, address, path, folder, silence)
}

pub fn webhook() -> Running {
    let folder = tempfile::tempdir().expect("a folder");
    let hooks = folder.path().join("hooks.json");
    std::fs::write(&hooks, HOOKS).expect("a file");
    let address = TcpListener::bind("127.0.0.1:0").and_then(|door| door.local_addr()).expect("a port");
    let mut command = pinned(Path::new("webhook"));
    command.args(["-ip", "127.0.0.1", "-port", &address.port().to_string(), "-hooks"]).arg(&hooks);
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("Debian's webhook");
    ready(child, address, "/hooks/github", folder, None)
}

fn ready(
    child: Child,
    address: SocketAddr,
    path: &'static str,
    folder: TempDir,
    silence: Option<TcpListener>,
) -> Running {
    while TcpStream::connect(address).is_err() {
        std::thread::sleep(Duration::from_millis(10));
    }
    std::thread::sleep(Duration::from_millis(300));
    let rest = memory(child.id(), "VmRSS:");
    Running { address, path, rest, child, folder, silence }
}

impl Running {
    /// The folder, for another server to go on with; this one is killed.
    pub fn into_folder(mut self) -> TempDir {
        drop(self.silence.take());
        std::mem::replace(&mut self.folder, tempfile::tempdir().expect("a folder"))
    }

    pub fn peak(&self) -> f64 {
        memory(self.child.id(), "VmHWM:")
    }

    /// Seconds of CPU used so far, user and system.
    pub fn cpu(&self) -> f64 {
        cpu(self.child.id())
    }

    /// How many e-mails the log speaks of.
    pub fn mails(&self) -> usize {
        count(&self.folder.path().join("log"), "\"e-mailed\"")
    }
}

/// Seconds of CPU that a process used so far, user and system.
pub fn cpu(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let after = stat.rsplit(')').next().unwrap_or_default();
    let ticks: f64 = after.split_whitespace().skip(11).take(2).filter_map(|n| n.parse::<f64>().ok()).sum();
    ticks / 100.0
}

fn count(log: &Path, words: &str) -> usize {
    let Ok(log) = std::fs::File::open(log) else { return 0 };
    BufReader::new(log).lines().map_while(Result::ok).filter(|line| line.contains(words)).count()
}

/// Megabytes, as the kernel counts them in that line of `status`.
pub fn memory(pid: u32, field: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(field)).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<f64>().ok()).unwrap_or_default() / 1024.0
}
