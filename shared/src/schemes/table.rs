//! The rows: one for each provider, made from its own page.

mod asking;
mod code;
mod fields;
mod messages;
mod payments;
mod public;
mod shapes;
mod shops;
mod timed;
mod tokens;
mod work;

use std::sync::LazyLock;

use super::{
    Scheme, address, adyen, api_key, basic, braintree, certificate, gitlab, graph, hmac, hubspot, jwt, keygen,
    password, paypal, plivo, sns, twilio,
};

pub(crate) use timed::STANDARD;

static ROWS: LazyLock<Vec<Scheme>> = LazyLock::new(|| {
    let mut rows =
        vec![password::row(), hmac::row(), gitlab::row(), api_key::row(), address::row(), certificate::row()];
    rows.extend(basic::rows());
    rows.extend([adyen::row(), hubspot::row(), keygen::row(), plivo::row(), twilio::row()]);
    rows.extend(timed::rows());
    rows.extend(asking::rows());
    rows.extend(code::rows());
    rows.extend(messages::rows());
    rows.extend(payments::rows());
    rows.extend(shops::rows());
    rows.extend(work::rows());
    rows.extend(tokens::rows());
    rows.extend(public::rows());
    rows.extend(fields::rows());
    rows.extend(jwt::rows());
    rows.extend(jwt::providers());
    rows.extend(graph::rows());
    rows.push(braintree::row());
    rows.push(sns::row());
    rows.push(paypal::row());
    rows.into_iter().map(Scheme::with_handshakes).collect()
});

/// Every scheme that a source can name.
pub fn all() -> &'static [Scheme] {
    &ROWS
}

/// The scheme that a source names so.
pub fn named(name: &str) -> Option<&'static Scheme> {
    all().iter().find(|scheme| scheme.name == name)
}
