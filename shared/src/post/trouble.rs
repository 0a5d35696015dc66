//! An error of a connection → why nobody answered, in words that name no address of ours.

use std::error::Error;
use std::io;

use crate::seam::{NoAnswer, Trouble};

pub(super) fn trouble(kind: Trouble, words: impl Into<String>) -> NoAnswer {
    NoAnswer { kind, words: words.into() }
}

/// Why a connection was not made. Below TLS it has our own words.
pub(super) fn in_handshake(error: &(dyn Error + 'static)) -> NoAnswer {
    match chain(error).find_map(|link| link.downcast_ref::<NoAnswer>()) {
        Some(known) => known.clone(),
        None => of_tls(error).unwrap_or_else(|| trouble(Trouble::Tls, closed_or(error))),
    }
}

/// Why a request had no answer.
pub(super) fn in_exchange(error: &(dyn Error + 'static)) -> NoAnswer {
    if let Some(known) = chain(error).find_map(|link| link.downcast_ref::<NoAnswer>()) {
        return known.clone();
    }
    // TLS 1.3 hears of a refused handshake only when it reads.
    if let Some(tls) = of_tls(error) {
        return tls;
    }
    let hyper = chain(error).find_map(|link| link.downcast_ref::<hyper::Error>());
    let words = match hyper {
        Some(hyper) if hyper.is_parse_too_large() => "the head of the answer is too large".into(),
        Some(hyper) if hyper.is_parse() => "the answer is not HTTP".into(),
        Some(hyper) if is_cut(hyper) => "the connection was closed without an answer".into(),
        _ => closed_or(error),
    };
    // Through HTTP/2 only its text comes.
    let kind = if words.starts_with(ALERT) { Trouble::Tls } else { Trouble::Broken };
    trouble(kind, words)
}

/// How rustls words what the other end refused.
const ALERT: &str = "received fatal alert: ";

/// Whether the other end had gone away, or says that it did nothing (RFC 9113, 8.7).
pub(super) fn is_closed(error: &(dyn Error + 'static)) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected, UnexpectedEof};
    let gone = [BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected, UnexpectedEof];
    chain(error).any(|link| {
        let hyper = link.downcast_ref::<hyper::Error>();
        let io = link.downcast_ref::<io::Error>();
        let h2 = link.downcast_ref::<h2::Error>().and_then(h2::Error::reason);
        hyper.is_some_and(is_cut)
            || matches!(h2, Some(h2::Reason::NO_ERROR | h2::Reason::REFUSED_STREAM))
            || io.is_some_and(|error| gone.contains(&error.kind()))
    })
}

fn is_cut(error: &hyper::Error) -> bool {
    error.is_incomplete_message() || error.is_canceled() || error.is_closed()
}

/// The system's words, without its numbers.
pub(super) fn words(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(_) => error.kind().to_string(),
        None if error.kind() == io::ErrorKind::UnexpectedEof => "the connection was closed without an answer".into(),
        None => error.to_string(),
    }
}

fn of_tls(error: &(dyn Error + 'static)) -> Option<NoAnswer> {
    let tls = chain(error).find_map(|link| link.downcast_ref::<rustls::Error>())?;
    Some(trouble(Trouble::Tls, tls.to_string()))
}

fn closed_or(error: &(dyn Error + 'static)) -> String {
    match chain(error).filter_map(|link| link.downcast_ref::<io::Error>()).last() {
        Some(io) => words(io),
        None => chain(error).last().map(ToString::to_string).unwrap_or_default(),
    }
}

/// An error and what it came from. An `io::Error` that wraps another names the other's source, not the
/// other itself.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&link| match link.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(wrapped) => Some(wrapped as &(dyn Error + 'static)),
        None => link.source(),
    })
}
