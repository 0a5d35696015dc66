//! One connection that speaks HTTP/2.

use std::io::{Error, Result};
use std::sync::Arc;

use bytes::Bytes;
use h2::RecvStream;
use h2::server::SendResponse;
use tokio::io::{AsyncRead, AsyncWrite};

use super::Request;
use super::state::{Guest, State};

/// Answers as it is told until the caller goes. A caller that speaks HTTP/1.1 is closed.
pub(super) async fn serve<S: AsyncRead + AsyncWrite + Unpin>(stream: S, guest: Guest) -> Result<()> {
    let mut connection = h2::server::handshake(stream).await.map_err(Error::other)?;
    while let Some(asked) = connection.accept().await {
        let (request, respond) = asked.map_err(Error::other)?;
        let (number, state) = (guest.number, Arc::clone(&guest.state));
        // A request that is taken back ends its task.
        tokio::spawn(async move { answer(request, respond, number, &state).await.ok() });
    }
    Ok(())
}

async fn answer(
    request: http::Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
    number: usize,
    state: &State,
) -> std::result::Result<(), h2::Error> {
    let (parts, mut stream) = request.into_parts();
    let mut body = Vec::new();
    while let Some(bytes) = stream.data().await {
        let bytes = bytes?;
        body.extend_from_slice(&bytes);
        stream.flow_control().release_capacity(bytes.len())?;
    }
    let reply = state.hear(Request::new(number, &head(&parts), body));
    tokio::time::sleep(reply.after).await;
    let mut response = http::Response::builder().status(reply.status);
    for (name, value) in &reply.headers {
        response = response.header(name, value);
    }
    let ends = !reply.has_body() || reply.body.is_empty();
    let mut sending = respond.send_response(response.body(()).expect("a reply of HTTP"), ends)?;
    if !ends {
        state.add_sent(reply.body.len());
        sending.send_data(Bytes::from(reply.body), true)?;
    }
    Ok(())
}

/// As HTTP/1.1 would have written it.
fn head(parts: &http::request::Parts) -> String {
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let host = parts.uri.authority().map_or("", |authority| authority.as_str());
    let mut head = format!("{} {path} HTTP/2\r\nhost: {host}", parts.method);
    for (name, value) in &parts.headers {
        head += &format!("\r\n{name}: {}", String::from_utf8_lossy(value.as_bytes()));
    }
    head
}
