//! A Runtime API: hands a function its events and times its answers.

use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use super::events::Event;
use super::wire::Wire;

/// No function is slower, the first start of a cold machine included.
const PATIENCE: Duration = Duration::from_secs(60);

const ACCEPTED: &[u8] =
    b"HTTP/1.1 202 Accepted\r\ncontent-type: application/json\r\ncontent-length: 15\r\n\r\n{\"status\":\"OK\"}";
const HEAD: &str = "HTTP/1.1 200 OK\r\nlambda-runtime-aws-request-id: 00000000-0000-4000-8000-";

/// Serves one function after the other at one address.
pub struct Runtime {
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    turn: Mutex<Turn>,
    moved: Condvar,
}

/// What happens with the function that is running now.
#[derive(Default)]
struct Turn {
    /// Its number: connections of the one before are of no interest.
    function: usize,
    /// The whole answer to `/next`.
    event: Vec<u8>,
    wanted: &'static str,
    /// Events that it may still take.
    left: usize,
    is_waiting: bool,
    asked: Option<Instant>,
    sent: Option<Instant>,
    answered: Option<Instant>,
    spans: Vec<Duration>,
    answer: Vec<u8>,
    /// An answer that was not wanted.
    problem: Option<String>,
}

impl Runtime {
    pub fn start() -> Self {
        let door = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = door.local_addr().expect("an address");
        let shared = Arc::new(Shared::default());
        let served = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in door.incoming().map_while(Result::ok) {
                let shared = Arc::clone(&served);
                thread::spawn(move || serve(&shared, stream));
            }
        });
        Self { address, shared }
    }

    /// From now on another function asks; its first event waits for it.
    pub fn expect(&self, event: &Event) {
        let function = self.shared.turn().function + 1;
        let spans = Vec::with_capacity(1_000);
        let (event, wanted) = (response(&event.text), event.wanted);
        *self.shared.turn() = Turn { function, event, wanted, spans, left: 1, ..Turn::default() };
        self.shared.moved.notify_all();
    }

    /// When it asked for its first event, and when it had answered it.
    pub fn first(&self) -> (Instant, Instant) {
        let turn = self.rest(1);
        (turn.asked.expect("a question"), turn.answered.expect("an answer"))
    }

    /// So many events more, one after the other; how long each took.
    pub fn feed(&self, count: usize) -> Vec<Duration> {
        let mut turn = self.shared.turn();
        turn.spans.clear();
        (turn.left, turn.is_waiting) = (count, false);
        drop(turn);
        self.shared.moved.notify_all();
        self.rest(count).spans.clone()
    }

    /// Waits until it has answered everything and asks for more, so that it does nothing.
    fn rest(&self, count: usize) -> MutexGuard<'_, Turn> {
        let is_busy = |turn: &mut Turn| turn.problem.is_none() && !(turn.is_waiting && turn.spans.len() == count);
        let turn = self.shared.turn();
        let (turn, _) = self.shared.moved.wait_timeout_while(turn, PATIENCE, is_busy).expect("no panic");
        assert!(turn.problem.is_none(), "not what was wanted: {}", turn.problem.as_deref().unwrap_or_default());
        assert!(turn.is_waiting && turn.spans.len() == count, "{} of {count} events answered", turn.spans.len());
        turn
    }
}

impl Shared {
    fn turn(&self) -> MutexGuard<'_, Turn> {
        self.turn.lock().expect("no panic")
    }
}

/// One connection of a function.
fn serve(shared: &Shared, stream: TcpStream) {
    let mut wire = Wire::new(stream);
    let function = shared.turn().function;
    while let Some(request) = wire.read() {
        let now = Instant::now();
        let mut turn = shared.turn();
        if request.line().ends_with(b"/next HTTP/1.1") {
            turn.asked.get_or_insert(now);
            if turn.left == 0 {
                turn.is_waiting = true;
                shared.moved.notify_all();
            }
            let is_idle = |turn: &mut Turn| turn.function == function && turn.left == 0;
            turn = shared.moved.wait_while(turn, is_idle).expect("no panic");
            if turn.function != function {
                return;
            }
            turn.left -= 1;
            turn.name();
            turn.sent = Some(Instant::now());
            wire.write(&turn.event);
        } else {
            let is_answer = request.line().ends_with(b"/response HTTP/1.1");
            turn.answer.clear();
            turn.answer.extend(request.body.iter().filter(|byte| !byte.is_ascii_whitespace()));
            wire.write(ACCEPTED);
            turn.answered(now, is_answer);
            if turn.problem.is_some() {
                shared.moved.notify_all();
            }
        }
    }
}

impl Turn {
    /// Gives the event an id of its own.
    fn name(&mut self) {
        let left = self.left;
        write!(&mut self.event[HEAD.len()..HEAD.len() + 12], "{left:012}").expect("space for it");
    }

    fn answered(&mut self, now: Instant, is_answer: bool) {
        self.answered.get_or_insert(now);
        if let Some(sent) = self.sent.take() {
            self.spans.push(now - sent);
        }
        let is_wanted = self.answer.windows(self.wanted.len()).any(|window| window == self.wanted.as_bytes());
        if !(is_answer && is_wanted) {
            self.problem = Some(String::from_utf8_lossy(&self.answer).into_owned());
        }
    }
}

/// What Lambda says to `/next`.
fn response(event: &str) -> Vec<u8> {
    let head = "lambda-runtime-deadline-ms: 9999999999999\r\n\
                lambda-runtime-invoked-function-arn: arn:aws:lambda:us-east-1:123456789012:function:f\r\n\
                lambda-runtime-trace-id: Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0\r\n\
                content-type: application/json\r\n";
    format!("{HEAD}000000000000\r\n{head}content-length: {}\r\n\r\n{event}", event.len()).into_bytes()
}
