//! The same HTTP server, answering 202 without work.

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::{BodyExt, Full};
use tokio::net::TcpListener;

/// Prints its address as Hookpost does, and answers until it is killed.
pub fn serve() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let door = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        println!("Listening on http://{}", door.local_addr().expect("an address"));
        shared::local::http::serve(
            door,
            |request, _| async {
                let mut body = request.into_body();
                while body.frame().await.is_some() {}
                let mut response = Response::new(Full::new(Bytes::from_static(b"{\"id\":\"wh_0\"}\n")));
                *response.status_mut() = StatusCode::ACCEPTED;
                response
            },
            std::future::pending(),
        )
        .await;
    });
}
