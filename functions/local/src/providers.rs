//! `hookpost providers`: whose webhooks can be verified, and what each needs.

mod example;

use std::fmt::Write;

use shared::outside::Outside;
use shared::schemes::{self, Proof, Scheme, Setting};

use crate::client::print;
use crate::stop::Stop;

pub(crate) fn providers(name: Option<&str>) -> Result<(), Stop> {
    match name {
        None => print(&list(schemes::all().iter())),
        Some(name) if schemes::named(name).is_some() => print(&shown(found(name)?)),
        Some(word) => match &*about(word) {
            [] => found(word).map(drop),
            [one] => print(&shown(one)),
            several => print(&list(several.iter().copied())),
        },
    }
}

/// The scheme of that name.
pub(crate) fn found(name: &str) -> Result<&'static Scheme, Stop> {
    let unknown = || {
        let hint = schemes::meant(name);
        Stop::setting(
            "NAME",
            format!(
                "\"{}\" is not known{hint} hookpost providers lists them; for anyone else there is hmac",
                Outside(name)
            ),
        )
    };
    schemes::named(name).ok_or_else(unknown)
}

/// Those whose name or title holds that word.
fn about(word: &str) -> Vec<&'static Scheme> {
    let word = word.trim().to_lowercase();
    let holds = |text: &str| {
        let text = text.to_lowercase();
        text.split(|c: char| !c.is_alphanumeric()).any(|part| part == word && !part.is_empty())
            || (word.len() > 3 && (text.contains(&word)))
    };
    schemes::all().iter().filter(|scheme| holds(scheme.name) || holds(scheme.title)).collect()
}

fn list<'a>(schemes: impl Iterator<Item = &'a Scheme>) -> String {
    let mut schemes: Vec<_> = schemes.collect();
    schemes.sort_by_key(|scheme| scheme.name);
    let needs = |scheme: &Scheme| {
        let needed: Vec<_> = needed(scheme).map(|setting| setting.key).collect();
        if needed.is_empty() { "-".to_owned() } else { needed.join(", ") }
    };
    let width = |text: fn(&Scheme) -> usize| schemes.iter().map(|scheme| text(scheme)).max().unwrap_or_default();
    let (names, titles) = (width(|scheme| scheme.name.len()), width(|scheme| scheme.title.chars().count()));
    let keys = schemes.iter().map(|scheme| needs(scheme).len()).max().unwrap_or_default();
    let mut text = format!("{:names$}  {:keys$}  {:titles$}  PAGE\n", "NAME", "NEEDS", "PROVIDER");
    for scheme in schemes {
        let Scheme { name, title, page, .. } = scheme;
        let _ = writeln!(text, "{name:names$}  {:keys$}  {title:titles$}  {page}", needs(scheme));
    }
    text
}

fn needed(scheme: &Scheme) -> impl Iterator<Item = &Setting> {
    scheme.settings.iter().filter(|setting| setting.is_needed)
}

fn shown(scheme: &Scheme) -> String {
    let proof = match scheme.proof() {
        _ if scheme.name == "hmac" => "signed if the message names {body}, else authenticated",
        _ if scheme.name == "gitlab" => "signed with a signing token (whsec_…), authenticated with a secret token",
        Proof::Signed => "signed: the body is as the sender made it",
        Proof::Authenticated => "authenticated: the caller is known, but the body is not covered",
    };
    let mut text = format!("{}: {}\n{}\n\nProves  {proof}\n", scheme.name, scheme.title, scheme.page);
    for (word, is_needed) in [("Needs", true), ("Takes", false)] {
        let settings = scheme.settings.iter().filter(|setting| setting.is_needed == is_needed);
        for (at, Setting { key, what, .. }) in settings.enumerate() {
            let _ = writeln!(text, "{:6}  {key:13}  {what}", if at == 0 { word } else { "" });
        }
    }
    for (what, place) in [("delivery", &scheme.delivery), ("event", &scheme.event)] {
        let Some(place) = place else { continue };
        let covered = if scheme.covers(place) { "" } else { ", which is not signed" };
        let _ = writeln!(text, "Names   {what:13}  {}{covered}", place.name());
    }
    let _ = write!(text, "\n{}", example::whole(scheme));
    if let Some(parts) = example::by_parts(scheme) {
        let _ = write!(text, "\nThe same by its parts, for a provider that signs much alike:\n\n{parts}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_anybody_can_change_is_marked() {
        let said = |name| shown(schemes::named(name).expect("a scheme"));
        assert!(said("github").contains("header x-github-delivery, which is not signed"));
        assert!(said("standard").contains("header webhook-id\n"));
    }

    #[test]
    fn every_provider_is_listed_and_shown_with_all_it_takes() {
        let list = list(schemes::all().iter());
        for scheme in schemes::all() {
            assert_eq!(list.lines().filter(|line| line.split(' ').next() == Some(scheme.name)).count(), 1, "{list}");
            let text = shown(scheme);
            for Setting { key, what, .. } in &scheme.settings {
                assert!(text.contains(key) && text.contains(what), "{text}");
            }
        }
    }

    #[test]
    fn a_word_of_a_title_finds_a_provider() {
        let names = |word: &str| about(word).iter().map(|scheme| scheme.name).collect::<Vec<_>>();
        assert_eq!((names("WhatsApp"), names("twitter"), names("sns")), (vec!["meta"], vec!["x"], vec!["aws-sns"]));
        assert!(names("azure").len() > 1 && names("githb").is_empty() && names("").is_empty());
    }
}
