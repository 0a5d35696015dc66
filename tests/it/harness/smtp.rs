//! A mail server on this machine that can be told to refuse, to go away and to come back.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A mail that arrived, and when.
#[derive(Clone, Debug)]
pub struct Received {
    pub at: Instant,
    pub from: String,
    pub to: Vec<String>,
    pub data: String,
}

#[derive(Default)]
struct State {
    mails: Vec<Received>,
    /// Said to every message instead of 250.
    refusal: Option<String>,
    /// After each mail it says one thing too many.
    stutters: bool,
    open: bool,
}

/// Plain SMTP on loopback, one thread a connection.
pub struct MailServer {
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl MailServer {
    pub fn start() -> Self {
        let server = Self { address: "127.0.0.1:0".parse().expect("an address"), state: Arc::default() };
        Self { address: server.listen(), ..server }
    }

    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    pub fn mails(&self) -> Vec<Received> {
        self.state.lock().expect("a state").mails.clone()
    }

    /// From now on every message is answered so; `None` takes them again.
    pub fn refuse(&self, words: Option<&str>) {
        self.state.lock().expect("a state").refusal = words.map(str::to_owned);
    }

    pub fn stutter(&self) {
        self.state.lock().expect("a state").stutters = true;
    }

    /// Nobody listens any more.
    pub fn down(&self) {
        self.state.lock().expect("a state").open = false;
        drop(TcpStream::connect(self.address));
        std::thread::sleep(Duration::from_millis(100));
    }

    /// Somebody listens again, at the same address.
    pub fn up(&self) {
        self.listen();
    }

    fn listen(&self) -> SocketAddr {
        let door = TcpListener::bind(self.address).expect("a port");
        let address = door.local_addr().expect("an address");
        self.state.lock().expect("a state").open = true;
        let state = Arc::clone(&self.state);
        std::thread::spawn(move || {
            for stream in door.incoming() {
                if !state.lock().expect("a state").open {
                    return;
                }
                let (Ok(stream), state) = (stream, Arc::clone(&state)) else { continue };
                // A caller that goes away ends its thread.
                std::thread::spawn(move || serve(stream, &state).ok());
            }
        });
        address
    }
}

fn serve(stream: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream;
    let (mut from, mut to) = (String::new(), Vec::new());
    writer.write_all(b"220 here\r\n")?;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || !state.lock().expect("a state").open {
            return Ok(());
        }
        let upper = line.to_ascii_uppercase();
        match upper.split([' ', '\r', ':']).next().unwrap_or_default() {
            "EHLO" | "HELO" => writer.write_all(b"250-here\r\n250 8BITMIME\r\n")?,
            "MAIL" => {
                from = line.trim_end()[10..].to_owned();
                to.clear();
                writer.write_all(b"250 ok\r\n")?;
            }
            "RCPT" if line.contains("nobody@") => writer.write_all(b"550 5.1.1 nobody here\r\n")?,
            "RCPT" => {
                to.push(line.trim_end()[8..].to_owned());
                writer.write_all(b"250 ok\r\n")?;
            }
            "DATA" => {
                writer.write_all(b"354 go on\r\n")?;
                let data = read_data(&mut reader)?;
                let mut state = state.lock().expect("a state");
                let answer = match &state.refusal {
                    Some(words) => words.clone(),
                    None => {
                        state.mails.push(Received { at: Instant::now(), from: from.clone(), to: to.clone(), data });
                        if state.stutters { "250 taken\r\n250 stray".into() } else { "250 taken".into() }
                    }
                };
                drop(state);
                writer.write_all(format!("{answer}\r\n").as_bytes())?;
            }
            "QUIT" => return writer.write_all(b"221 bye\r\n"),
            _ => writer.write_all(b"250 ok\r\n")?,
        }
    }
}

fn read_data(reader: &mut impl BufRead) -> std::io::Result<String> {
    let mut data = Vec::new();
    loop {
        let mut line = Vec::new();
        if reader.read_until(b'\n', &mut line)? == 0 {
            return Err(std::io::Error::other("the caller went away"));
        }
        if line == b".\r\n" {
            return Ok(String::from_utf8_lossy(&data).into_owned());
        }
        data.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
    }
}
