//! Listening, and what happens to each connection.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

use super::connection::Connection;
use super::state::{Guest, State};
use super::{Alpn, Behaviour, hostile, http2};

pub(super) enum Manner {
    Plain,
    Hostile(Behaviour),
    Tls(TlsAcceptor, Alpn),
}

impl Manner {
    pub(super) fn scheme(&self) -> &'static str {
        if matches!(self, Self::Tls(..) | Self::Hostile(Behaviour::GarbageTls)) { "https" } else { "http" }
    }

    async fn meet(&self, stream: TcpStream, guest: Guest) -> std::io::Result<()> {
        stream.set_nodelay(true)?;
        match self {
            Self::Plain => Connection::new(stream, guest).serve().await,
            Self::Hostile(behaviour) => hostile::misbehave(behaviour, Connection::new(stream, guest)).await,
            Self::Tls(acceptor, alpn) => {
                let stream = acceptor.accept(stream).await?;
                let h2 = *alpn == Alpn::H2 || stream.get_ref().1.alpn_protocol() == Some(b"h2");
                if h2 { http2::serve(stream, guest).await } else { Connection::new(stream, guest).serve().await }
            }
        }
    }
}

/// A thread that serves, and the way to end it.
pub(super) struct Running {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Running {
    /// Returns when the port and every connection are closed.
    pub(super) fn stop(self) {
        drop(self.stop);
        // A test's rule that panicked has said so already.
        drop(self.thread.join());
    }
}

pub(super) fn listen(address: SocketAddr, manner: Arc<Manner>, state: Arc<State>) -> (SocketAddr, Running) {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let door = door(&runtime, address, &manner).expect("a port");
    let address = door.local_addr().expect("an address");
    let never_accepts = matches!(*manner, Manner::Hostile(Behaviour::SlowToAccept));
    let crowd = if never_accepts { crowd(address) } else { Vec::new() };
    let (stop, stopped) = oneshot::channel::<()>();
    let thread = std::thread::spawn(move || {
        runtime.block_on(async {
            tokio::select! {
                _ = stopped => {}
                () = accept(&door, manner, state), if !never_accepts => {}
            }
        });
        drop(crowd);
    });
    (address, Running { stop, thread })
}

fn door(runtime: &Runtime, address: SocketAddr, manner: &Manner) -> std::io::Result<TcpListener> {
    let _entered = runtime.enter();
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    if let Manner::Hostile(behaviour) = manner {
        // What was sent is then close to what was read.
        socket.set_send_buffer_size(64 << 10)?;
        if matches!(behaviour, Behaviour::SlowToAccept) {
            socket.bind(address)?;
            return socket.listen(1);
        }
    }
    socket.bind(address)?;
    socket.listen(1024)
}

/// Connections of our own, until there is no room for another.
fn crowd(address: SocketAddr) -> Vec<std::net::TcpStream> {
    let mut crowd = Vec::new();
    while let Ok(stream) = std::net::TcpStream::connect_timeout(&address, Duration::from_millis(500)) {
        crowd.push(stream);
        assert!(crowd.len() < 64, "there is always room for another connection");
    }
    crowd
}

async fn accept(door: &TcpListener, manner: Arc<Manner>, state: Arc<State>) {
    loop {
        let Ok((stream, _)) = door.accept().await else {
            // No more files for now.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let (guest, manner) = (Guest::of(&state), Arc::clone(&manner));
        // A caller that goes away ends its task.
        tokio::spawn(async move { manner.meet(stream, guest).await.ok() });
    }
}
