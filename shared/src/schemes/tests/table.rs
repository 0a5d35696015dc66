//! The table itself: what every row must have.

use std::collections::HashSet;

use http::HeaderName;

use crate::schemes::{Check, all, named};
use crate::signature::Place;

#[test]
fn there_are_more_than_sixty_rows_each_with_a_name_of_its_own() {
    let names: HashSet<_> = all().iter().map(|scheme| scheme.name).collect();
    assert_eq!(names.len(), all().len());
    assert!(names.len() >= 100, "{}", names.len());
    for name in names {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        assert!(name.bytes().all(plain), "{name}");
        assert_eq!(named(name).unwrap().name, name);
    }
}

#[test]
fn every_row_says_who_signs_how_and_where_that_is_written() {
    let titles: HashSet<_> = all().iter().map(|scheme| scheme.title).collect();
    assert_eq!(titles.len(), all().len());
    for scheme in all() {
        let row = scheme.name;
        assert!(!scheme.title.trim().is_empty() && scheme.title.len() < 120, "{row}: {}", scheme.title);
        let page = url::Url::parse(scheme.page).unwrap();
        assert_eq!(page.scheme(), "https", "{row}");
        assert!(scheme.settings.iter().all(|setting| !setting.what.is_empty()), "{row}");
    }
}

#[test]
fn headers_are_named_as_they_are_compared() {
    for scheme in all() {
        let own = match &scheme.check {
            Check::Recipe(recipe) => Some(&recipe.place),
            Check::Token { place, .. } => Some(place),
            Check::Own { .. } => None,
        };
        for place in own.into_iter().chain(&scheme.delivery).chain(&scheme.event) {
            if let Place::Pointer(pointer) = place {
                assert!(pointer.starts_with('/'), "{}: {pointer}", scheme.name);
            }
            let Some(name) = super::made::header_name(place) else { continue };
            assert_eq!(HeaderName::from_bytes(name.as_bytes()).unwrap().as_str(), name, "{}", scheme.name);
        }
    }
}
