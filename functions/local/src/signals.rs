//! Ctrl-C and SIGTERM.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// The first signal ends what is in hand; the second ends everything.
pub(crate) async fn wait(stop: watch::Sender<bool>) {
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        tracing::error!("signals cannot be received; stop hookpost with kill -9, nothing is lost");
        return std::future::pending().await;
    };
    for last in [false, true] {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        if last {
            std::process::exit(130);
        }
        tracing::info!("stopping: ending what is in hand; again to stop at once");
        stop.send_replace(true);
    }
}
