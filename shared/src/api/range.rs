//! `?tenant=&since=&until=&limit=&iterator=`: which part of a list is asked for.

use std::borrow::Cow;

use serde_json::{Value, json};

use crate::endpoint::{DEFAULT_TENANT, is_name};
use crate::reply::Refused;
use crate::seam::{Cursor, Page, Range, State};
use crate::timestamp::Timestamp;

/// Rows on a page, unless `limit` asks for fewer.
const PAGE: usize = 50;
const MOST: usize = 250;

/// What a query asks for.
pub(super) struct Asked {
    pub(super) tenant: String,
    pub(super) event: Option<String>,
    pub(super) endpoint: Option<String>,
    pub(super) state: Option<State>,
    pub(super) range: Range,
}

impl Asked {
    /// Times are RFC 3339; `iterator` is what the page before ended with.
    pub(super) fn read(query: Option<&str>) -> Result<Self, Refused> {
        let range = Range { since: Timestamp(0), until: Timestamp(u64::MAX), most: PAGE, after: None };
        let mut asked = Self { tenant: DEFAULT_TENANT.into(), event: None, endpoint: None, state: None, range };
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            asked.take(&name, value)?;
        }
        Ok(asked)
    }

    fn take(&mut self, name: &str, value: Cow<'_, str>) -> Result<(), Refused> {
        let range = &mut self.range;
        match name {
            "tenant" => self.tenant = tenant(&value)?,
            "event" => self.event = Some(value.into_owned()),
            "endpoint" => self.endpoint = Some(value.into_owned()),
            "state" => self.state = Some(state(&value)?),
            "since" => range.since = moment(&value)?,
            "until" => range.until = moment(&value)?,
            "limit" => range.most = limit(&value)?,
            "iterator" => range.after = Some(cursor(&value)?),
            _ => {}
        }
        Ok(())
    }
}

/// Which part of a list by name is asked for: `?tenant=&limit=&iterator=`.
pub(super) struct Names {
    pub(super) tenant: String,
    pub(super) most: usize,
    /// The last name of the page before.
    pub(super) after: Option<String>,
}

impl Names {
    pub(super) fn read(query: Option<&str>) -> Result<Self, Refused> {
        let mut names = Self { tenant: DEFAULT_TENANT.into(), most: PAGE, after: None };
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            match &*name {
                "tenant" => names.tenant = tenant(&value)?,
                "limit" => names.most = limit(&value)?,
                "iterator" if is_name(&value) => names.after = Some(value.into_owned()),
                "iterator" => return Err(Refused::BadRequest("iterator is what the page before ended with")),
                _ => {}
            }
        }
        Ok(names)
    }
}

fn tenant(text: &str) -> Result<String, Refused> {
    if is_name(text) { Ok(text.to_owned()) } else { Err(Refused::BadRequest("tenant is not a name")) }
}

fn limit(text: &str) -> Result<usize, Refused> {
    let most = text.parse().ok().filter(|most| (1..=MOST).contains(most));
    most.ok_or(Refused::BadRequest("limit is a number from 1 to 250"))
}

pub(super) fn moment(text: &str) -> Result<Timestamp, Refused> {
    Timestamp::read(text).ok_or(Refused::BadRequest("since and until are times like 2026-11-22T10:00:00Z"))
}

fn state(text: &str) -> Result<State, Refused> {
    let wrong = Refused::BadRequest("state is pending, delivered, given_up, held or cancelled");
    serde_json::from_value(json!(text)).map_err(|_| wrong)
}

fn cursor(text: &str) -> Result<Cursor, Refused> {
    let read = || {
        let (at, event) = text.split_once('-')?;
        Some(Cursor { at: Timestamp(at.parse().ok()?), event: event.parse().ok()? })
    };
    read().ok_or(Refused::BadRequest("iterator is what the page before ended with"))
}

/// A page as it is shown.
pub(super) fn page<T>(page: &Page<T>, show: impl Fn(&T) -> Value) -> Value {
    let iterator = page.next.as_ref().map(|Cursor { at, event }| format!("{}-{event}", at.0));
    let data: Vec<Value> = page.items.iter().map(show).collect();
    json!({ "data": data, "done": iterator.is_none(), "iterator": iterator })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_query_says_which_part() {
        let asked = Asked::read(Some("tenant=acme&state=given_up&since=1970-01-01T00:00:01Z&limit=3&x=y")).unwrap();
        assert_eq!((&*asked.tenant, asked.state, asked.range.since), ("acme", Some(State::GivenUp), Timestamp(1_000)));
        assert_eq!((asked.range.most, asked.range.after), (3, None));
        for wrong in
            ["tenant=A", "state=x", "since=1", "until=", "limit=0", "limit=251", "iterator=x", "iterator=1-a.b"]
        {
            assert!(Asked::read(Some(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_list_by_name_goes_on_after_a_name() {
        let names = Names::read(Some("iterator=shop-2&limit=7&tenant=acme")).unwrap();
        assert_eq!((&*names.tenant, names.most, names.after.as_deref()), ("acme", 7, Some("shop-2")));
        for wrong in ["iterator=", "iterator=A", "limit=0", "tenant=-"] {
            assert!(Names::read(Some(wrong)).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn where_a_page_ended_the_next_begins(at: u64, event in "[A-Za-z0-9_-]{1,40}") {
            let next = Cursor { at: Timestamp(at), event: event.parse().unwrap() };
            let shown = page(&Page::<()> { items: vec![], next: Some(next.clone()) }, |()| json!(null));
            prop_assert_eq!(cursor(shown["iterator"].as_str().unwrap()).unwrap(), next);
        }

        #[test]
        fn no_query_makes_it_panic(query in ".*") {
            let _ = (Asked::read(Some(&query)), Names::read(Some(&query)));
        }
    }
}
