//! Who shares a connection with whom, and what becomes of those that died.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

const URL: &str = "http://localhost:5000/";

#[tokio::test]
async fn an_endpoint_keeps_its_connection() {
    let (post, dialler) = local(receiver(|stream, _| answering(stream, OK)).await);
    for _ in 0..20 {
        assert_eq!(send(&post, URL).await.map(|answer| answer.status), Ok(200));
    }
    assert_eq!(dialler.dialled().len(), 1);
}

#[tokio::test]
async fn a_small_rest_is_read_so_that_the_connection_is_kept() {
    let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: 40000\r\n\r\n{}", "x".repeat(40_000));
    let answer: &str = answer.leak();
    let (post, dialler) = local(receiver(move |stream, _| answering(stream, answer)).await);
    for _ in 0..3 {
        assert_eq!(send(&post, URL).await.map(|answer| answer.body.len()), Ok(16 << 10));
    }
    assert_eq!(dialler.dialled().len(), 1);
}

#[tokio::test]
async fn no_connection_is_shared_between_tenants_or_endpoints() {
    let (post, dialler) = local(receiver(|stream, _| answering(stream, OK)).await);
    for (tenant, endpoint) in [("a", "e"), ("b", "e"), ("a", "f"), ("a", "e"), ("b", "e"), ("a", "f")] {
        let outgoing = Outgoing { tenant: tenant.into(), endpoint: endpoint.into(), ..outgoing(URL) };
        assert!(post.send_webhook(outgoing).await.is_ok());
    }
    assert_eq!(dialler.dialled().len(), 3);
}

#[tokio::test]
async fn a_kept_connection_that_was_closed_in_between_is_replaced() {
    let address = receiver(|mut stream, _| async move {
        request(&mut stream).await;
        let _ = stream.write_all(OK.as_bytes()).await;
    });
    let (post, dialler) = local(address.await);
    for _ in 0..5 {
        assert_eq!(send(&post, URL).await.map(|answer| answer.status), Ok(200));
    }
    assert_eq!(dialler.dialled().len(), 5);
}

/// A receiver whose first connection answers once and then closes over the second request, and whose
/// others do what is said.
async fn closing(others: &'static str) -> (Post<Names, Dialler>, Dialler, Arc<AtomicUsize>) {
    let requests = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&requests);
    let address = receiver(move |mut stream, number| {
        let seen = Arc::clone(&seen);
        async move {
            while !request(&mut stream).await.is_empty() {
                let answers = if number == 0 { seen.load(Ordering::SeqCst) == 0 } else { !others.is_empty() };
                seen.fetch_add(1, Ordering::SeqCst);
                if !answers {
                    return;
                }
                let _ = stream.write_all(OK.as_bytes()).await;
            }
        }
    });
    let (post, dialler) = local(address.await);
    (post, dialler, requests)
}

#[tokio::test]
async fn a_kept_connection_that_dies_under_a_request_is_worth_one_more_at_once() {
    let (post, dialler, requests) = closing(OK).await;
    assert_eq!(send(&post, URL).await.map(|answer| answer.status), Ok(200));
    assert_eq!(send(&post, URL).await.map(|answer| answer.status), Ok(200));
    assert_eq!((dialler.dialled().len(), requests.load(Ordering::SeqCst)), (2, 3));
}

#[tokio::test]
async fn and_no_more_than_one() {
    let (post, dialler, requests) = closing("").await;
    assert_eq!(send(&post, URL).await.map(|answer| answer.status), Ok(200));
    assert_eq!(send(&post, URL).await.map_err(|answer| answer.kind), Err(Trouble::Broken));
    assert_eq!((dialler.dialled().len(), requests.load(Ordering::SeqCst)), (2, 3));
}

#[tokio::test]
async fn many_at_once_all_arrive() {
    let (post, _) = local(receiver(|stream, _| answering(stream, OK)).await);
    let post = Arc::new(post);
    let sends: Vec<_> = (0..200).map(|_| Arc::clone(&post)).collect();
    let sends: Vec<_> = sends.into_iter().map(|post| tokio::spawn(async move { send(&post, URL).await })).collect();
    for sent in sends {
        assert_eq!(sent.await.expect("no panic").map(|answer| answer.status), Ok(200));
    }
}
