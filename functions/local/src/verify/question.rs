//! Whether a request is a handshake: what its provider asks, which is answered and not judged.

use shared::capture::Capture;
use shared::handshakes::{Asked, Outcome, When};
use shared::outside::Outside;
use shared::schemes::{Presented, Scheme, Verifier};

/// What is said of a handshake of that moment, if the request is one: as an error where it is refused.
pub(super) fn question(
    verifier: &Verifier,
    capture: &Capture,
    when: When,
    source: Option<&str>,
) -> Option<Result<String, String>> {
    verifier.parts().into_iter().find_map(|part| {
        let of_that_moment = part.scheme.handshakes.iter().filter(|handshake| handshake.when == when);
        let mut answers = of_that_moment.filter(|it| it.methods.contains(&capture.method)).filter_map(|handshake| {
            let url = part.settings.text("url").ok().flatten();
            let request = Presented { url, ..capture.presented() };
            (handshake.answer)(&Asked { request: &request, settings: &part.settings })
        });
        let whose = whose(part.scheme);
        Some(match answers.next()? {
            Ok(outcome) => Ok(told(&whose, &outcome, source.unwrap_or("NAME"))),
            Err(fault) => Err(format!(
                "this is {whose}'s question (a handshake), and it is refused: {}\n",
                Outside(&fault.to_string())
            )),
        })
    })
}

fn told(whose: &str, outcome: &Outcome, source: &str) -> String {
    match outcome {
        Outcome::Answer(_) => {
            format!("this is {whose}'s question (a handshake); it is answered, not judged, and nobody is mailed\n")
        }
        Outcome::Learn { .. } => format!(
            "this is {whose}'s handshake, which hands over the secret; it is taken while the source waits: \
             hookpost sources wait {source}\n"
        ),
        Outcome::Confirm { .. } => {
            format!("this is {whose}'s question (a handshake); it is confirmed by a call to {whose}\n")
        }
        Outcome::Tell { owner, .. } => format!("this is {whose}'s handshake; the log says: {owner}\n"),
    }
}

/// The provider without what is said about it.
fn whose(scheme: &Scheme) -> String {
    let end = scheme.title.find([':', '(', ',']).unwrap_or(scheme.title.len());
    scheme.title[..end].trim().to_owned()
}
