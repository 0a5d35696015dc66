//! The shapes in which providers sign, and how a row says who does.
//!
//! Where a provider signs a time and says nothing of its age, five minutes either way are fresh.

use super::Scheme;
use crate::signature::{Freshness, Part, Place, Recipe};

/// The provider of that name, who signs by that recipe.
pub(super) fn row(name: &'static str, who: &str, page: &'static str, recipe: Recipe) -> Scheme {
    let title = format!("{who} ({})", recipe.describe());
    Scheme::signed(name, title.leak(), page, recipe)
}

/// Time and signatures are elements of one header, like `t=1,v1=ab`: the signed bytes are the time, what
/// stands between, and the body.
pub(super) fn listed(
    header: &'static str,
    separator: char,
    [time, signature]: [&'static str; 2],
    between: &'static str,
) -> Recipe {
    let time = Place::element(header, separator, time);
    Recipe::new(header)
        .list(separator)
        .prefix(signature)
        .message(stamped("", time.clone(), between))
        .fresh(Freshness::new(time))
}

/// The time stands in a header of its own: the signed bytes are what stands before, the time, what stands
/// between, and the body.
pub(super) fn timed(header: &'static str, time: &'static str, [before, between]: [&'static str; 2]) -> Recipe {
    let time = Place::header(time);
    Recipe::new(header).message(stamped(before, time.clone(), between)).fresh(Freshness::new(time))
}

fn stamped(before: &'static str, time: Place, between: &'static str) -> Vec<Part> {
    let parts = [Part::literal(before), Part::Value(time), Part::literal(between), Part::Body];
    parts.into_iter().filter(|part| *part != Part::literal("")).collect()
}
