//! Answers that never end, never start, or are no answers.

use std::time::{Duration, Instant};

use super::*;

const LOCALHOST: &str = "http://localhost:5000/hook?a=b";

/// Sends to a receiver that writes these pieces, one after each pause, for as long as it may.
async fn against(head: &'static str, piece: Vec<u8>, pause: Duration) -> (Result<Received, NoAnswer>, Duration) {
    let piece = Arc::new(piece);
    let address = receiver(move |mut stream, _| {
        let piece = Arc::clone(&piece);
        async move {
            request(&mut stream).await;
            let _ = stream.write_all(head.as_bytes()).await;
            while !piece.is_empty() && stream.write_all(&piece).await.is_ok() {
                tokio::time::sleep(pause).await;
            }
            std::future::pending().await
        }
    });
    let (post, _) = local(address.await);
    let mut outgoing = outgoing(LOCALHOST);
    outgoing.timeout = Duration::from_secs(1);
    let began = Instant::now();
    (post.send_webhook(outgoing).await, began.elapsed())
}

#[tokio::test]
async fn a_request_arrives_as_it_was_given() {
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let address = receiver(move |mut stream, _| {
        let tell = tell.clone();
        async move {
            tell.send(request(&mut stream).await).expect("the test listens");
            let _ = stream.write_all(OK.as_bytes()).await;
        }
    });
    let (post, _) = local(address.await);
    let mut outgoing = outgoing(LOCALHOST);
    outgoing.query = Some("c=d".into());
    outgoing.headers.insert("host", "169.254.169.254".parse().expect("a value"));
    outgoing.headers.insert("content-length", "3".parse().expect("a value"));
    outgoing.headers.insert("transfer-encoding", "chunked".parse().expect("a value"));
    let answer = post.send_webhook(outgoing).await.expect("an answer");
    assert_eq!((answer.status, &answer.body[..]), (200, &b"ok"[..]));
    let arrived = told.recv().await.expect("a request");
    let (head, body) = arrived.split_once("\r\n\r\n").expect("a head");
    let mut lines: Vec<&str> = head.lines().collect();
    assert_eq!((lines.remove(0), body), ("POST /hook?c=d HTTP/1.1", "{\"a\":1}"));
    lines.sort_unstable();
    assert_eq!(lines, ["content-length: 7", "host: localhost:5000", "webhook-id: msg_1"]);
}

#[tokio::test]
async fn a_body_that_drips_ends_with_what_came() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n";
    let (answer, took) = against(head, b"x".to_vec(), Duration::from_millis(50)).await;
    let answer = answer.expect("the head came");
    assert!(answer.status == 200 && (2..40).contains(&answer.body.len()), "{}", answer.body.len());
    assert!((900..3_000).contains(&took.as_millis()), "{took:?}");
}

#[tokio::test]
async fn a_huge_body_ends_with_its_first_16_kb() {
    for head in [
        "HTTP/1.1 500 Oh\r\ncontent-length: 1073741824\r\n\r\n",
        "HTTP/1.1 500 Oh\r\n\r\n",
        "HTTP/1.1 500 Oh\r\ntransfer-encoding: chunked\r\n\r\n40000000\r\n",
    ] {
        let (answer, took) = against(head, vec![b'x'; 1 << 16], Duration::ZERO).await;
        let answer = answer.expect("the head came");
        assert_eq!((answer.status, answer.body.len()), (500, 16 << 10));
        assert!(took.as_millis() < 900, "{took:?}");
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_still_was_an_answer() {
    let address = receiver(|mut stream, _| async move {
        request(&mut stream).await;
        let _ = stream.write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 9\r\n\r\nhalf").await;
    });
    let (post, _) = local(address.await);
    let answer = send(&post, LOCALHOST).await.expect("the head came");
    assert_eq!((answer.status, &answer.body[..]), (202, &b"half"[..]));
}

#[tokio::test]
async fn a_head_without_end_is_refused() {
    let (answer, _) = against("HTTP/1.1 200 OK\r\n", b"a: b\r\n".repeat(200), Duration::ZERO).await;
    let refused = NoAnswer { kind: Trouble::Broken, words: "the head of the answer is too large".into() };
    assert_eq!(answer, Err(refused.clone()));
    let (answer, _) = against("HTTP/1.1 200 OK\r\na: ", vec![b'x'; 1 << 12], Duration::ZERO).await;
    assert_eq!(answer, Err(refused));
}

#[tokio::test]
async fn endless_interim_answers_run_into_the_timeout() {
    let (answer, took) = against("", b"HTTP/1.1 100 Continue\r\n\r\n".to_vec(), Duration::from_millis(1)).await;
    assert_eq!(answer.map_err(|answer| answer.kind), Err(Trouble::Timeout));
    assert!(took.as_millis() < 3_000, "{took:?}");
}

#[tokio::test]
async fn no_answer_is_a_timeout() {
    let (answer, took) = against("", Vec::new(), Duration::ZERO).await;
    assert_eq!(answer, Err(NoAnswer { kind: Trouble::Timeout, words: "no answer within 1s".into() }));
    assert!((950..3_000).contains(&took.as_millis()), "{took:?}");
}

#[tokio::test]
async fn what_is_not_http_is_broken() {
    let (answer, _) = against("SSH-2.0-OpenSSH_9.6\r\n\r\n", Vec::new(), Duration::ZERO).await;
    assert_eq!(answer, Err(NoAnswer { kind: Trouble::Broken, words: "the answer is not HTTP".into() }));
}

#[tokio::test]
async fn a_header_that_is_none_is_passed_over() {
    let head = "HTTP/1.1 200 OK\r\nbad name: x\r\nretry-after: 5\r\ncontent-length: 0\r\n\r\n";
    let answer = against(head, Vec::new(), Duration::ZERO).await.0.expect("an answer");
    assert_eq!((answer.status, &answer.headers["retry-after"]), (200, &"5".parse().expect("a value")));
}

#[tokio::test]
async fn a_connection_that_is_reset_or_closed_is_broken() {
    let closed = receiver(|mut stream, _| async move {
        request(&mut stream).await;
    });
    let (post, dialler) = local(closed.await);
    let answer = send(&post, LOCALHOST).await;
    let words = "the connection was closed without an answer".to_owned();
    assert_eq!(answer, Err(NoAnswer { kind: Trouble::Broken, words }));
    assert_eq!(dialler.dialled().len(), 1);
    // A socket that closes over what it did not read resets its connection.
    let reset = receiver(|mut stream, _| async move {
        let _ = stream.read(&mut [0; 16]).await;
    });
    let answer = send(&local(reset.await).0, LOCALHOST).await;
    assert_eq!(answer, Err(NoAnswer { kind: Trouble::Broken, words: "connection reset".into() }));
    let gone = receiver(|stream, _| async move { drop(stream) });
    let answer = send(&local(gone.await).0, LOCALHOST).await;
    assert_eq!(answer.map_err(|answer| answer.kind), Err(Trouble::Broken));
}
