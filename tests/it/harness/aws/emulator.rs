//! MiniStack, started once for all tests, on loopback; it ends when the tests do.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::Value;

use crate::harness::http::{Answer, try_send};
use crate::harness::{Tools, eventually};

/// An emulator of AWS; each account in it is a world of its own.
pub struct Emulator {
    pub address: SocketAddr,
    /// Its end of this pipe closes with this process, and ends it.
    _process: Child,
    _folder: tempfile::TempDir,
}

impl Emulator {
    pub fn running() -> &'static Self {
        static RUNNING: OnceLock<Emulator> = OnceLock::new();
        RUNNING.get_or_init(Self::start)
    }

    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let address = TcpListener::bind("127.0.0.1:0").and_then(|door| door.local_addr()).expect("a port");
        let python = Tools::ready().folder("ministack/bin/python");
        // The shell waits for the end of our side of the pipe, which the kernel closes whatever happens.
        let script = "\"$0\" -m ministack >log 2>&1 </dev/null & pid=$!; cat >/dev/null; kill $pid; wait $pid";
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]).arg(python).current_dir(folder.path()).stdin(Stdio::piped());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        // Its whole environment reaches the functions.
        command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("HOME", folder.path());
        command.env("TMPDIR", folder.path()).env("BIND_HOST", "127.0.0.1").env("MINISTACK_HOST", "127.0.0.1");
        command.env("GATEWAY_PORT", address.port().to_string()).env("LOG_LEVEL", "WARNING");
        command.env("IOT_MTLS_ENABLED", "0").env("SFTP_ENABLED", "0");
        let process = command.spawn().expect("a shell");
        let ready = || try_send(address, "GET", "/_ministack/ready", &[], b"").ok().filter(|a| a.status == 200);
        eventually("the emulator", || TcpStream::connect(address).ok().and_then(|_| ready()));
        Self { address, _process: process, _folder: folder }
    }

    /// An account that no other test uses.
    pub fn account(&self) -> String {
        static NEXT: AtomicU64 = AtomicU64::new(100_000_000_001);
        NEXT.fetch_add(1, Ordering::Relaxed).to_string()
    }

    /// One call of a service that speaks JSON.
    #[track_caller]
    pub fn call(&self, account: &str, service: &str, target: &str, body: &Value) -> Value {
        let answer = self.ask(account, service, target, body);
        assert_eq!(answer.status, 200, "{target}: {}", answer.text());
        if answer.body.is_empty() { Value::Null } else { answer.json() }
    }

    /// Makes a bucket.
    pub fn make_bucket(&self, account: &str, name: &str) {
        let scope = authorization(account, "s3");
        let made = try_send(self.address, "PUT", &format!("/{name}"), &[("authorization", &*scope)], b"");
        assert_eq!(made.expect("an answer").status, 200, "{name}");
    }

    /// One call of a service that speaks REST.
    pub fn rest(&self, account: &str, service: &str, method: &str, path: &str, body: &[u8]) -> Answer {
        let scope = authorization(account, service);
        let headers = [("authorization", &*scope), ("content-type", "application/json")];
        try_send(self.address, method, path, &headers, body).expect("an answer")
    }

    pub fn ask(&self, account: &str, service: &str, target: &str, body: &Value) -> Answer {
        let scope = authorization(account, service);
        let headers =
            [("authorization", &*scope), ("x-amz-target", target), ("content-type", "application/x-amz-json-1.0")];
        try_send(self.address, "POST", "/", &headers, body.to_string().as_bytes()).expect("an answer")
    }
}

/// Signatures are not checked; the key is the account.
fn authorization(account: &str, service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential={account}/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
    )
}
