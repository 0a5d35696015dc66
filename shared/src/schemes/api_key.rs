//! A secret that stands in a header, or a parameter of the query, which the owner names.

use std::sync::Arc;

use http::HeaderName;

use super::settings::SECRET;
use super::token::Token;
use super::{Proof, Prove, Scheme, Setting, Settings, Wrong};
use crate::signature::Place;

const HEADER: Setting = Setting::optional("header", "the header in which the secret stands, like X-Api-Key");
const QUERY: Setting = Setting::optional("query", "the parameter of the query in which it stands instead");

pub(super) fn row() -> Scheme {
    let page = "https://swagger.io/docs/specification/v3_0/authentication/api-keys/";
    Scheme::own(("api-key", "API key", page), &[SECRET, HEADER, QUERY], Proof::Authenticated, make)
}

fn make(settings: &Settings) -> Result<Arc<dyn Prove>, Wrong> {
    let place = match (settings.text(HEADER.key)?, settings.text(QUERY.key)?) {
        (Some(header), None) => {
            let name = HeaderName::try_from(header).map_err(|_| Wrong::new(HEADER.key, "is no name of a header"))?;
            Place::Header(name.as_str().to_owned().into())
        }
        (None, Some(query)) => Place::Query(query.to_owned().into()),
        (None, None) => return Err(Wrong::new(HEADER.key, "is missing; write header or query")),
        (Some(_), Some(_)) => return Err(Wrong::new(QUERY.key, "stands beside header; write one of them")),
    };
    Ok(Token::make(place, "", settings))
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use serde_json::json;

    use super::*;
    use crate::schemes::{Fetched, Presented, Verifier, named};
    use crate::secret::Secret;
    use crate::signature::Fault;
    use crate::timestamp::Timestamp;

    fn verifier(values: &[(&str, &str)]) -> Result<Verifier, Wrong> {
        let secrets = [("secret".to_owned(), vec![Secret::new("old"), Secret::new("hush")])].into();
        let values = values.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect();
        Verifier::new(named("api-key").unwrap(), Settings::new(secrets, values))
    }

    #[test]
    fn the_secret_counts_where_the_owner_says_and_nowhere_else() {
        let verdict = |place: &[(&str, &str)], headers: &[(&'static str, &str)], query| {
            let headers: HeaderMap = headers.iter().map(|(n, v)| (n.parse().unwrap(), v.parse().unwrap())).collect();
            let request = Presented { query, ..Presented::of(&headers, b"hush") };
            verifier(place).unwrap().verify(&request, &Fetched::default(), Timestamp(0))
        };
        let (header, query) = ([("header", "X-Shop-Word")], [("query", "word")]);
        for (secret, shown) in [("hush", "a=1&word=hush"), ("old", "word=old")] {
            assert_eq!(verdict(&header, &[("x-shop-word", secret)], None), Ok(Proof::Authenticated));
            assert_eq!(verdict(&query, &[], Some(shown)), Ok(Proof::Authenticated));
        }
        let missing = Err(Fault::Missing("header x-shop-word".into()));
        assert_eq!(verdict(&header, &[("x-api-key", "hush")], Some("word=hush&x-shop-word=hush")), missing);
        assert_eq!(verdict(&query, &[("word", "hush")], None), Err(Fault::Missing("word in the query".into())));
        for wrong in ["", "hus", "hush2", "Bearer hush"] {
            assert_eq!(verdict(&header, &[("x-shop-word", wrong)], None), Err(Fault::Mismatch), "{wrong}");
        }
        let twice = Err(Fault::Malformed("word in the query".into()));
        assert_eq!(verdict(&query, &[], Some("word=hush&word=hush")), twice);
    }

    #[test]
    fn one_place_is_named_and_it_can_be_one() {
        for (wrong, key) in
            [(&[][..], "header"), (&[("header", "no name")], "header"), (&[("header", "a"), ("query", "b")], "query")]
        {
            assert_eq!(verifier(wrong).err().unwrap().key, key);
        }
        let verifier = verifier(&[("header", "X-Shop-Word")]).unwrap();
        assert_eq!(verifier.places(), [Place::header("x-shop-word")]);
    }
}
