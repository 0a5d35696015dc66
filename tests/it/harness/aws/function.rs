//! One of our compiled functions alone, fed by a Runtime API of our own: events in, answers out, and
//! the process in our hands.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::Value;

use crate::harness::Tools;

/// The folder of the functions as `sam build` made them; made if they are not there or out of date.
pub fn built() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace").to_owned();
        // Its tools are pinned: what is on the path may be anything.
        Tools::ready();
        let make = Command::new("make").current_dir(&root).args(["--no-print-directory", "functions"]).output();
        let make = make.expect("make runs");
        assert!(make.status.success(), "no functions: {}", String::from_utf8_lossy(&make.stderr));
        root.join(".aws-sam/build")
    })
}

/// A running function and the runtime that it asks for events.
pub struct Function {
    child: Child,
    door: TcpListener,
    /// The connection on which it waits for the next event.
    waiting: Option<TcpStream>,
    environment: Vec<(String, String)>,
    program: PathBuf,
    log: PathBuf,
    next: u32,
}

impl Function {
    /// Starts it, `Listener` or another, with that environment; what it logs goes to a file.
    pub fn start(name: &str, environment: Vec<(String, String)>, log: PathBuf) -> Self {
        let door = TcpListener::bind("127.0.0.1:0").expect("a port");
        let program = built().join(name).join("bootstrap");
        let child = spawn(&program, door.local_addr().expect("an address"), &environment, &log);
        Self { child, door, waiting: None, environment, program, log, next: 0 }
    }

    /// What it answers to an event; `Err` is what it reports as its failure, or that it died.
    pub fn invoke(&mut self, event: &Value) -> Result<Value, String> {
        self.next += 1;
        let id = format!("00000000-0000-0000-0000-{:012}", self.next);
        let mut waiting = self.waiting()?;
        let body = event.to_string();
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nlambda-runtime-aws-request-id: {id}\r\nlambda-runtime-deadline-ms: 9999999999999\r\nlambda-runtime-invoked-function-arn: arn:aws:lambda:us-east-1:1:function:f\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        waiting
            .write_all(head.as_bytes())
            .and_then(|()| waiting.write_all(body.as_bytes()))
            .map_err(|e| e.to_string())?;
        loop {
            let (path, said, mut stream) = self.asked(Some(&mut waiting))?;
            if path.ends_with("/next") {
                self.waiting = Some(stream);
                continue;
            }
            stream.write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n").map_err(|e| e.to_string())?;
            self.waiting = Some(stream);
            return match serde_json::from_slice(&said) {
                Ok(answer) if path.ends_with("/response") => Ok(answer),
                Ok(problem) => Err(problem.to_string()),
                Err(_) => Err(String::from_utf8_lossy(&said).into_owned()),
            };
        }
    }

    pub fn kill(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        self.waiting = None;
    }

    /// A new process in the place of the old one.
    pub fn restart(&mut self) {
        self.kill();
        // What the old one asked for last may still wait at the old door.
        self.door = TcpListener::bind("127.0.0.1:0").expect("a port");
        self.child = spawn(&self.program, self.door.local_addr().expect("an address"), &self.environment, &self.log);
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The connection on which it asks for an event.
    fn waiting(&mut self) -> Result<TcpStream, String> {
        let mut open = self.waiting.take();
        loop {
            let (path, said, stream) = self.asked(open.as_mut())?;
            if path.ends_with("/next") {
                return Ok(stream);
            }
            if path.contains("/init/error") {
                return Err(String::from_utf8_lossy(&said).into_owned());
            }
            open = Some(stream);
        }
    }

    /// The next request of the function: on the open connection, or on a new one.
    fn asked(&mut self, open: Option<&mut TcpStream>) -> Result<(String, Vec<u8>, TcpStream), String> {
        if let Some(open) = open
            && let Some(found) = read(open)?
        {
            return Ok((found.0, found.1, open.try_clone().map_err(|e| e.to_string())?));
        }
        self.door.set_nonblocking(true).map_err(|e| e.to_string())?;
        loop {
            if let Ok((mut stream, _)) = self.door.accept() {
                stream.set_nonblocking(false).map_err(|e| e.to_string())?;
                if let Some((path, said)) = read(&mut stream)? {
                    return Ok((path, said, stream));
                }
            }
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(format!("it ended: {status}"));
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        self.kill();
    }
}

fn spawn(program: &Path, runtime: SocketAddr, environment: &[(String, String)], log: &Path) -> Child {
    let log = std::fs::File::options().create(true).append(true).open(log).expect("a log");
    let mut command = Command::new(program);
    command.env_clear().stdin(Stdio::null()).stdout(log.try_clone().expect("a log")).stderr(log);
    command.env("AWS_LAMBDA_RUNTIME_API", runtime.to_string()).env("AWS_REGION", "us-east-1");
    command.env("AWS_LAMBDA_FUNCTION_NAME", "f").env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256");
    command.env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST").env("AWS_SECRET_ACCESS_KEY", "secret");
    command.envs(environment.iter().map(|(name, value)| (name, value)));
    command.spawn().expect("the function starts")
}

/// A request's path and body; `None` if the connection was closed.
fn read(stream: &mut TcpStream) -> Result<Option<(String, Vec<u8>)>, String> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    if reader.read_line(&mut line).unwrap_or_default() == 0 {
        return Ok(None);
    }
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let (mut length, mut chunked) = (0, false);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or_default() <= 2 {
            break;
        }
        let line = line.to_lowercase();
        chunked |= line.starts_with("transfer-encoding:") && line.contains("chunked");
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().map_err(|_| "a length".to_owned())?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).map_err(|e| e.to_string())?;
    while chunked {
        let mut size = String::new();
        reader.read_line(&mut size).map_err(|e| e.to_string())?;
        let size = usize::from_str_radix(size.trim(), 16).map_err(|_| "a chunk".to_owned())?;
        let mut chunk = vec![0; size + 2];
        reader.read_exact(&mut chunk).map_err(|e| e.to_string())?;
        body.extend_from_slice(&chunk[..size]);
        chunked = size > 0;
    }
    Ok(Some((path, body)))
}
