//! A stand-in for the services of AWS: answers at once, and counts the calls.

use std::borrow::Cow;
use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use serde::Deserialize;
use serde_json::json;
use shared::config::{Rings, Spec};
use shared::seal::Keys;

use super::events::GITHUB_SECRET;
use super::wire::{Request, Wire};

/// The calls that it knows, as a person and as the wire calls them.
pub const CALLS: [(&str, &str); 7] = [
    ("SQS SendMessage", "AmazonSQS.SendMessage"),
    ("DynamoDB GetItem", "DynamoDB_20120810.GetItem"),
    ("DynamoDB UpdateItem", "DynamoDB_20120810.UpdateItem"),
    ("Secrets Manager GetSecretValue", "secretsmanager.GetSecretValue"),
    ("SES SendEmail", "POST /v2/email/outbound-emails HTTP/1.1"),
    ("post", "POST /quick HTTP/1.1"),
    ("slow post", "POST /slow HTTP/1.1"),
];
const SEND: usize = 0;
const GET: usize = 1;
const SECRET: usize = 3;
const MAIL: usize = 4;
const SLOW: usize = 6;

/// How long the slow receiver takes.
const SLOWNESS: Duration = Duration::from_millis(50);

/// The table of the deliverer: its configuration has endpoints, and every event is in it.
pub const DELIVERIES: &str = "deliveries";

/// How often each was called; the last are those that it does not know.
pub type Counts = [usize; CALLS.len() + 1];

pub struct StandIn {
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    counts: [AtomicUsize; CALLS.len() + 1],
    /// What was last sent to the queue.
    message: Mutex<Vec<u8>>,
    keys: String,
    row: String,
    endpoints: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Get<'a> {
    table_name: &'a str,
    key: Key<'a>,
}

#[derive(Deserialize)]
struct Key<'a> {
    #[serde(borrow)]
    pk: Text<'a>,
}

#[derive(Deserialize)]
struct Text<'a> {
    #[serde(rename = "S")]
    text: &'a str,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow, rename = "MessageBody")]
    body: Cow<'a, str>,
}

impl StandIn {
    pub fn start() -> Self {
        let door = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = door.local_addr().expect("an address");
        let key_secret = json!({ "1": "k".repeat(64) }).to_string();
        let keys = json!({ "ARN": "arn", "Name": "key", "VersionId": "1", "SecretString": key_secret });
        let keys = keys.to_string();
        let (row, endpoints) = (row(&key_secret), endpoints(address));
        let shared = Shared { counts: Default::default(), message: Mutex::default(), keys, row, endpoints };
        let shared = Arc::new(shared);
        let served = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in door.incoming().map_while(Result::ok) {
                let shared = Arc::clone(&served);
                thread::spawn(move || serve(&shared, stream));
            }
        });
        Self { address, shared }
    }

    pub fn counts(&self) -> Counts {
        self.shared.counts.each_ref().map(|count| count.load(Ordering::Relaxed))
    }

    /// What was last sent to the queue, as SQS was asked to take it.
    pub fn message(&self) -> serde_json::Value {
        serde_json::from_slice(&self.shared.message.lock().expect("no panic")).expect("a message")
    }
}

/// The applied configuration, its secret sealed as the api function does.
fn row(key_secret: &str) -> String {
    let verify = json!({ "scheme": "github", "secret": [GITHUB_SECRET] });
    let source = json!({ "verify": verify, "email": ["ops@example.com"], "caller_limit": "none" });
    let mut spec = Spec::read(&json!({ "sources": { "github": source } }).to_string()).expect("a configuration");
    let keys = Keys::read(key_secret).expect("keys");
    spec.seal(Rings { inbound: Some(&keys), outbound: None }).expect("sealed secrets");
    json!({ "Item": { "pk": { "S": "config" }, "sk": { "S": "config" }, "version": { "N": "1" }, "text": { "S": spec.write() } } })
        .to_string()
}

/// The applied configuration of the deliverer. Its endpoints' secrets are made of the key.
fn endpoints(address: SocketAddr) -> String {
    let endpoint = |path: &str| json!({ "url": format!("http://{address}/{path}") });
    let endpoints = json!({ "endpoints": { "quick": endpoint("quick"), "slow": endpoint("slow") } });
    json!({ "Item": { "pk": { "S": "config" }, "sk": { "S": "config" }, "version": { "N": "1" }, "text": { "S": endpoints.to_string() } } })
        .to_string()
}

/// The row of an event of 1 KB.
fn event(id: &str) -> String {
    let data = STANDARD.encode(format!("{{\"padding\": \"{}\"}}", "x".repeat(1_024 - 15)));
    let text = |text: &str| json!({ "S": text });
    let item = json!({
        "tenant": text("default"), "event": text(id), "type": text("order.created"), "timestamp": { "N": "1" },
        "received": { "N": "1" }, "content_type": text("application/json"), "digest": text(""),
        "endpoints": text("quick slow"), "data": { "B": data },
    });
    json!({ "Item": item }).to_string()
}

fn serve(shared: &Shared, stream: TcpStream) {
    let mut wire = Wire::new(stream);
    let (mut body, mut answer) = (Vec::new(), Vec::new());
    while let Some(request) = wire.read() {
        body.clear();
        let status = shared.answer(&request, &mut body);
        answer.clear();
        let head = "content-type: application/x-amz-json-1.0\r\nx-amzn-requestid: 00000000-0000-4000-8000-000000000000";
        write!(answer, "HTTP/1.1 {status}\r\n{head}\r\ncontent-length: {}\r\n\r\n", body.len()).expect("memory");
        answer.extend_from_slice(&body);
        wire.write(&answer);
    }
}

impl Shared {
    fn get(&self, asked: &[u8], body: &mut Vec<u8>) {
        let Get { table_name, key } = serde_json::from_slice(asked).expect("a key");
        match key.pk.text.split_once('/') {
            _ if table_name != DELIVERIES => body.extend_from_slice(self.row.as_bytes()),
            None => body.extend_from_slice(self.endpoints.as_bytes()),
            Some(("event", rest)) => {
                let id = rest.rsplit('/').next().unwrap_or_default();
                body.extend_from_slice(event(id).as_bytes());
            }
            Some(_) => body.extend_from_slice(b"{}"),
        }
    }

    fn answer(&self, request: &Request<'_>, body: &mut Vec<u8>) -> &'static str {
        let name = request.header("x-amz-target").map_or(request.line(), str::as_bytes);
        let call = CALLS.iter().position(|(_, wire)| wire.as_bytes() == name);
        self.counts[call.unwrap_or(CALLS.len())].fetch_add(1, Ordering::Relaxed);
        match call {
            Some(SEND) => {
                let message: Message<'_> = serde_json::from_slice(request.body).expect("a message");
                let digest = hex::encode(Md5::digest(message.body.as_bytes()));
                let id = "00000000-0000-4000-8000-000000000000";
                write!(body, r#"{{"MessageId":"{id}","MD5OfMessageBody":"{digest}"}}"#).expect("memory");
                let mut last = self.message.lock().expect("no panic");
                last.clear();
                last.extend_from_slice(request.body);
            }
            Some(GET) => self.get(request.body, body),
            Some(SECRET) => body.extend_from_slice(self.keys.as_bytes()),
            Some(MAIL) => body.extend_from_slice(br#"{"MessageId":"0100018f"}"#),
            Some(call) => {
                if call == SLOW {
                    thread::sleep(SLOWNESS);
                }
                body.extend_from_slice(b"{}");
            }
            None => {
                body.extend_from_slice(br#"{"__type":"UnknownOperationException"}"#);
                return "400 Bad Request";
            }
        }
        "200 OK"
    }
}
