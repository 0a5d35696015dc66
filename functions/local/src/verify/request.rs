//! The request that is judged, as it was written down.

use std::fs;
use std::io::{IsTerminal, Read};
use std::path::Path;

use http::Method;
use shared::capture::Capture;

use super::Verify;
use crate::stop::Stop;

pub(super) struct Request {
    pub(super) capture: Capture,
    /// Nobody said what its body is.
    pub(super) lacks_body: bool,
}

pub(super) fn request(which: &Verify) -> Result<Request, Stop> {
    let is_in_parts = !which.headers.is_empty() || which.body.is_some() || which.method.is_some();
    let mut request = if is_in_parts {
        parts(which)?
    } else {
        let wrong = |problem: String| Stop::setting("--request", format!("{}: {problem}", which.request.display()));
        let capture = Capture::read(&bytes(&which.request).map_err(wrong)?).map_err(wrong)?;
        Request { capture, lacks_body: false }
    };
    if let Some(address) = &which.address {
        request.capture.called(address);
    }
    if let Some(caller) = which.caller {
        request.capture.caller = caller;
    }
    Ok(request)
}

fn parts(which: &Verify) -> Result<Request, Stop> {
    let mut capture = Capture::default();
    for header in &which.headers {
        capture.header(header).map_err(|problem| Stop::setting("--header", problem))?;
    }
    if let Some(method) = &which.method {
        capture.method = method.parse().map_err(|_| Stop::setting("--method", "is not a method; write it like PUT"))?;
    }
    let carries = ![Method::GET, Method::HEAD, Method::OPTIONS].contains(&capture.method);
    let read = match &which.body {
        Some(file) => Some(file.as_path()),
        None => (carries && !std::io::stdin().is_terminal()).then_some(Path::new("-")),
    };
    if let Some(file) = read {
        let wrong = |problem| Stop::setting("--body", format!("{}: {problem}", file.display()));
        capture.body = bytes(file).map_err(wrong)?;
    }
    let lacks_body = carries && which.body.is_none() && capture.body.is_empty();
    Ok(Request { capture, lacks_body })
}

fn bytes(file: &Path) -> Result<Vec<u8>, String> {
    if file.as_os_str() != "-" {
        return fs::read(file).map_err(|problem| problem.to_string());
    }
    let mut read = Vec::new();
    std::io::stdin().read_to_end(&mut read).map_err(|problem| problem.to_string())?;
    Ok(read)
}
