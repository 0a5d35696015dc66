//! Adobe Acrobat Sign: a GET with the client id of the application, which is said back if it is the owner's.
//! <https://opensource.adobe.com/acrobat-sign/acrobat_sign_events/index.html>

use http::header::{HeaderName, HeaderValue};
use http::{Method, StatusCode};

use super::{Asked, Handshake, Outcome, PLAIN, read, replies};
use crate::signature::Fault;

const HEADER: &str = "x-adobesign-clientid";

pub(super) const ALL: &[Handshake] =
    &[Handshake { name: "adobe-sign", methods: &[Method::GET], answer, echoes: Some(HEADER), ..PLAIN }];

fn answer(asked: &Asked<'_>) -> Option<Result<Outcome, Fault>> {
    let id = read::header(asked.request, HEADER)?;
    Some(id.and_then(|id| judge(asked, id)))
}

/// To say back any would join this address to anybody's application.
fn judge(asked: &Asked<'_>, id: &HeaderValue) -> Result<Outcome, Fault> {
    if asked.settings.secrets("secret").iter().filter(|known| known.matches(id.as_bytes())).count() == 0 {
        return Err(Fault::Mismatch);
    }
    let reply = replies::empty(StatusCode::OK);
    Ok(Outcome::Answer(replies::with(reply, HeaderName::from_static(HEADER), id.clone())))
}
