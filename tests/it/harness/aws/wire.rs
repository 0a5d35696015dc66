//! What goes between the functions and AWS: watched, and bent where a test says so.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, OnceLock};

use serde_json::Value;

use super::Emulator;

/// One call that a function made.
#[derive(Clone, Debug)]
pub struct Call {
    pub account: String,
    pub function: String,
    /// As IAM calls it, like `sqs:SendMessage`.
    pub action: String,
    /// What it was about: a table's partition or index, a queue, an object's path, a secret's name.
    pub about: String,
    pub body: Vec<u8>,
    /// What was answered; 0 if nothing was.
    pub status: u16,
}

impl Call {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// What happens to a call instead of being passed on.
#[derive(Clone, Debug)]
pub enum Bend {
    /// This is answered, in JSON, with that error code.
    Refused { status: u16, code: &'static str, message: &'static str },
    /// Answered so, in full.
    Answered { body: &'static str },
    /// It is done, and nobody hears of it.
    AnswerLost,
    /// It never arrives.
    Lost,
}

type Rule = Box<dyn FnMut(&Call) -> Option<Bend> + Send>;

/// A wire with the emulator at its other end. Functions dial `url(account, function)`.
pub struct Wire {
    address: SocketAddr,
    calls: Mutex<Vec<Call>>,
    rules: Mutex<HashMap<String, Rule>>,
}

impl Wire {
    pub fn running() -> &'static Arc<Self> {
        static RUNNING: OnceLock<Arc<Wire>> = OnceLock::new();
        RUNNING.get_or_init(|| {
            let door = TcpListener::bind("127.0.0.1:0").expect("a port");
            let address = door.local_addr().expect("an address");
            let wire = Arc::new(Self { address, calls: Mutex::default(), rules: Mutex::default() });
            let served = Arc::clone(&wire);
            std::thread::spawn(move || {
                for stream in door.incoming().flatten() {
                    let wire = Arc::clone(&served);
                    // A function that was killed ends its thread.
                    std::thread::spawn(move || wire.serve(stream).ok());
                }
            });
            wire
        })
    }

    pub fn url(&self, account: &str, function: &str) -> String {
        // With the slash at the end S3 finds its bucket.
        format!("http://{}/{account}/{function}/", self.address)
    }

    /// Every call of that account so far, in order.
    pub fn calls(&self, account: &str) -> Vec<Call> {
        let calls = self.calls.lock().expect("calls");
        calls.iter().filter(|call| call.account == account).cloned().collect()
    }

    /// From now on that account's calls are bent so.
    pub fn bend(&self, account: &str, rule: impl FnMut(&Call) -> Option<Bend> + Send + 'static) {
        self.rules.lock().expect("rules").insert(account.to_owned(), Box::new(rule));
    }

    pub fn straighten(&self, account: &str) {
        self.rules.lock().expect("rules").remove(account);
    }

    fn serve(&self, stream: TcpStream) -> std::io::Result<()> {
        let mut reader = BufReader::new(stream.try_clone()?);
        let mut stream = stream;
        let Some(request) = Request::read(&mut reader, &mut stream)? else { return Ok(()) };
        let mut call = request.call();
        let bend = self.rules.lock().expect("rules").get_mut(&call.account).and_then(|rule| rule(&call));
        let answer = match &bend {
            Some(Bend::Lost) => Vec::new(),
            Some(Bend::Refused { status, code, message }) => refusal(*status, code, message),
            Some(Bend::Answered { body }) => reply(200, "", body),
            Some(Bend::AnswerLost) | None => request.forward(Emulator::running().address)?,
        };
        let status = answer.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
        let unheard = matches!(bend, Some(Bend::AnswerLost));
        call.status = status.filter(|_| !unheard).unwrap_or_default();
        self.calls.lock().expect("calls").push(call);
        if unheard { Ok(()) } else { stream.write_all(&answer) }
    }
}

fn chunks(reader: &mut impl BufRead) -> std::io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut size = String::new();
        reader.read_line(&mut size)?;
        let size = usize::from_str_radix(size.trim(), 16).map_err(std::io::Error::other)?;
        let mut chunk = vec![0; size + 2];
        reader.read_exact(&mut chunk)?;
        body.extend_from_slice(&chunk[..size]);
        if size == 0 {
            return Ok(body);
        }
    }
}

fn refusal(status: u16, code: &str, message: &str) -> Vec<u8> {
    let body = serde_json::json!({ "__type": code, "message": message, "Message": message }).to_string();
    reply(status, &format!("x-amzn-ErrorType: {code}\r\n"), &body)
}

fn reply(status: u16, headers: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status} Bent\r\ncontent-type: application/json\r\n{headers}connection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

struct Request {
    method: String,
    account: String,
    function: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    fn read(reader: &mut BufReader<TcpStream>, writer: &mut TcpStream) -> std::io::Result<Option<Self>> {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let mut words = line.split(' ');
        let (Some(method), Some(target)) = (words.next(), words.next()) else { return Ok(None) };
        let mut steps = target.trim_start_matches('/').splitn(3, '/');
        let mut step = || steps.next().unwrap_or_default().to_owned();
        let (method, account, function, path) =
            (method.to_owned(), step(), step(), format!("/{}", step().trim_start_matches('/')));
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? <= 2 {
                break;
            }
            if let Some((name, value)) = line.split_once(':') {
                headers.push((name.to_lowercase(), value.trim().to_owned()));
            }
        }
        let mut request = Self { method, account, function, path, headers, body: Vec::new() };
        if request.header("expect").is_some() {
            writer.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        let length = request.header("content-length").and_then(|length| length.parse().ok()).unwrap_or_default();
        request.body.resize(length, 0);
        reader.read_exact(&mut request.body)?;
        if request.header("transfer-encoding").is_some() {
            request.body = chunks(reader)?;
            request.headers.retain(|(name, _)| name != "transfer-encoding");
            request.headers.push(("content-length".into(), request.body.len().to_string()));
        }
        Ok(Some(request))
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    fn forward(&self, to: SocketAddr) -> std::io::Result<Vec<u8>> {
        let mut head = format!("{} {} HTTP/1.1\r\nconnection: close\r\n", self.method, self.path);
        for (name, value) in self.headers.iter().filter(|(name, _)| name != "connection" && name != "expect") {
            head += &format!("{name}: {value}\r\n");
        }
        let mut stream = TcpStream::connect(to)?;
        stream.write_all((head + "\r\n").as_bytes())?;
        stream.write_all(&self.body)?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok(answer)
    }

    fn call(&self) -> Call {
        let json: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let (service, name) = self.action();
        let values = &json["ExpressionAttributeValues"];
        let asked = [":dead", ":event", ":token", ":endpoint"].map(|name| &values[name]["S"]);
        let partition =
            [&json["IndexName"], &json["Key"]["pk"]["S"], &json["Item"]["pk"]["S"]].into_iter().chain(asked);
        let about = match &*service {
            "dynamodb" => partition.flat_map(Value::as_str).next().unwrap_or_default().to_owned(),
            "sqs" => json["QueueUrl"].as_str().unwrap_or_default().to_owned(),
            "secretsmanager" => json["SecretId"].as_str().unwrap_or_default().to_owned(),
            "ssm" => json["Name"].as_str().unwrap_or_default().to_owned(),
            _ => self.path.clone(),
        };
        Call {
            account: self.account.clone(),
            function: self.function.clone(),
            action: format!("{service}:{name}"),
            about,
            body: self.body.clone(),
            status: 0,
        }
    }

    /// The service as the signature names it, and what is asked of it.
    fn action(&self) -> (String, String) {
        let scope = self.header("authorization").unwrap_or_default().split('/').nth(3).unwrap_or_default().to_owned();
        let target = self.header("x-amz-target").and_then(|target| target.split_once('.')).map(|(_, name)| name);
        let name = match (&*scope, target) {
            (_, Some(name)) => name.to_owned(),
            ("s3", _) => format!("{}Object", if self.method == "PUT" { "Put" } else { "Get" }),
            ("ses", _) if self.path.contains("outbound-emails") => "SendEmail".into(),
            ("ses", _) if self.path.contains("identities") => "GetEmailIdentity".into(),
            ("ses", _) => "GetAccount".into(),
            ("scheduler", _) if self.method == "POST" => "CreateSchedule".into(),
            _ => {
                let form = String::from_utf8_lossy(&self.body).into_owned();
                form.split('&').find_map(|pair| pair.strip_prefix("Action=")).unwrap_or_default().to_owned()
            }
        };
        (scope, name)
    }
}
