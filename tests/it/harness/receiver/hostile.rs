//! How each behaviour is done.

use std::io::Result;
use std::time::Duration;

use tokio::net::TcpStream;

use super::connection::Connection;
use super::{Behaviour, Reply};

const DRIP: Duration = Duration::from_millis(200);
const TWO_HUNDRED: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

type Caller = Connection<TcpStream>;

pub(super) async fn misbehave(behaviour: &Behaviour, mut caller: Caller) -> Result<()> {
    match behaviour {
        Behaviour::ResetsAtOnce => return reset(caller),
        Behaviour::GarbageTls => {
            caller.more().await?;
            caller.say(&garbage()).await?;
            return caller.until_closed().await;
        }
        _ => {}
    }
    let Some(request) = caller.request().await? else { return Ok(()) };
    caller.hear(request);
    match behaviour {
        Behaviour::AcceptsAndSaysNothing => caller.until_closed().await,
        Behaviour::Resets => reset(caller),
        Behaviour::DripsHead => drip(caller, "HTTP/1.1 200 OK\r\nx-slow: ").await,
        Behaviour::DripsBody => drip_body(caller).await,
        Behaviour::ClosesPooled => close_pooled(caller).await,
        Behaviour::TwoHundredThenFiveHundred => stutter(caller).await,
        Behaviour::SwitchingProtocols => {
            caller
                .say(b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n")
                .await?;
            caller.until_closed().await
        }
        other => match flood(other) {
            Some((first, again, times)) => pour(caller, &first, &again, times).await,
            None => caller.say(&words(other)).await,
        },
    }
}

/// Closing sends RST instead of FIN.
fn reset(caller: Caller) -> Result<()> {
    caller.stream.set_zero_linger()
}

async fn drip(mut caller: Caller, first: &str) -> Result<()> {
    for byte in first.bytes().chain(std::iter::repeat(b'a')) {
        caller.say(&[byte]).await?;
        tokio::time::sleep(DRIP).await;
    }
    Ok(())
}

async fn drip_body(mut caller: Caller) -> Result<()> {
    caller.say(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n").await?;
    drip(caller, "").await
}

async fn close_pooled(mut caller: Caller) -> Result<()> {
    caller.say(&Reply::status(204).bytes()).await?;
    if let Some(second) = caller.request().await? {
        caller.hear(second);
    }
    Ok(())
}

async fn stutter(mut caller: Caller) -> Result<()> {
    let twice = [TWO_HUNDRED, b"HTTP/1.1 500 Stray\r\ncontent-length: 0\r\n\r\n"].concat();
    caller.say(&twice).await?;
    while let Some(request) = caller.request().await? {
        caller.hear(request);
        caller.say(&twice).await?;
    }
    Ok(())
}

/// What is said first, and then again so many times.
fn flood(behaviour: &Behaviour) -> Option<(Vec<u8>, Vec<u8>, u64)> {
    let filler = vec![b'a'; 64 << 10];
    let line = format!("x-filler: {}\r\n", "a".repeat(1000));
    let (first, again, times): (&[u8], Vec<u8>, u64) = match behaviour {
        Behaviour::Gigabyte => {
            (b"HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\n", filler, (1 << 30) / (64 << 10))
        }
        Behaviour::EndlessHeaders => (b"HTTP/1.1 200 OK\r\n", line.repeat(64).into_bytes(), u64::MAX),
        Behaviour::EndlessHeaderLine => (b"HTTP/1.1 200 OK\r\nx-filler: ", filler, u64::MAX),
        Behaviour::ChunkedForever => {
            let chunk = [b"10000\r\n", &filler[..], b"\r\n"].concat();
            (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", chunk, u64::MAX)
        }
        Behaviour::OneHundredContinues => (b"", b"HTTP/1.1 100 Continue\r\n\r\n".repeat(64), u64::MAX),
        _ => return None,
    };
    Some((first.to_vec(), again, times))
}

async fn pour(mut caller: Caller, first: &[u8], again: &[u8], times: u64) -> Result<()> {
    caller.say(first).await?;
    for _ in 0..times {
        caller.say(again).await?;
    }
    Ok(())
}

/// What is said in full before the connection closes.
fn words(behaviour: &Behaviour) -> Vec<u8> {
    let after_status = |rest: &[u8]| [b"HTTP/1.1 200 OK\r\n", rest].concat();
    match behaviour {
        Behaviour::Redirects { status, to } => Reply::status(*status).header("location", to).closing().bytes(),
        Behaviour::RetryAfter { status, text } => Reply::status(*status).header("retry-after", text).closing().bytes(),
        Behaviour::ClosesAfterAnswer => Reply::status(204).bytes(),
        Behaviour::Garbage => garbage(),
        Behaviour::TruncatedBody => after_status(b"content-length: 100\r\n\r\n0123456789"),
        Behaviour::WrongChunks => after_status(b"transfer-encoding: chunked\r\n\r\n2\r\nok\r\nzz\r\nok\r\n"),
        Behaviour::Http09 => b"<html>ok</html>\r\n".to_vec(),
        Behaviour::HugeStatusLine => {
            [b"HTTP/1.1 200 ", &vec![b'a'; 1 << 20][..], b"\r\ncontent-length: 0\r\n\r\n"].concat()
        }
        Behaviour::NulInHeaders => after_status(b"x-nul: a\0b\r\ncontent-length: 2\r\n\r\nok"),
        Behaviour::NonAsciiHeaders => after_status(b"x-text: caf\xe9 \xff\xfe\r\ncontent-length: 2\r\n\r\nok"),
        Behaviour::DuplicateContentLength => after_status(b"content-length: 2\r\ncontent-length: 5\r\n\r\nokoko"),
        Behaviour::Says(bytes) => bytes.clone(),
        other => unreachable!("{other:?} is done elsewhere"),
    }
}

/// The same 4096 bytes each time, none of them a line's end.
fn garbage() -> Vec<u8> {
    let mut seed = 0x9e37_79b9_u32;
    let next = std::iter::repeat_with(move || {
        seed ^= seed << 13;
        seed ^= seed >> 17;
        seed ^= seed << 5;
        (seed >> 24) as u8
    });
    next.filter(|byte| !b"\r\n".contains(byte)).take(4096).collect()
}
