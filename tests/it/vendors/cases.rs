//! The libraries: which of our schemes each one signs or verifies for, and where it differs from us.

use super::library::Tongue::{self, Node, Python};
use super::request::Request;
use super::sent::{
    adyen, boxed, empty, event, gocardless, linear, onfido, plivo, pusher, queried, shopify, slash_command, twilio,
    twilio_json,
};

/// One library and the scheme that it proves.
#[derive(Clone)]
pub struct Case {
    pub tongue: Tongue,
    pub library: &'static str,
    pub scheme: &'static str,
    /// What is signed, at that time.
    pub request: fn(&str, u64) -> Request,
    pub secret: Secret,
    /// The library itself can sign, or another one does so in its script.
    pub signs: bool,
    /// A text in the body of which a letter is altered; none if the body is not covered.
    pub covered: Option<&'static str>,
    /// What the library takes and we do not.
    pub takes: &'static [Taken],
    /// How old a request is that neither takes; 0 if the signed time is none of the library's business.
    pub old: u64,
    /// More settings in YAML, with `ADDRESS` for the address of the source as its provider knows it.
    pub settings: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secret {
    /// Both sides hold it: the right one and a wrong one.
    Shared(&'static str, &'static str),
    /// A pair that the library makes; the owner pastes the public half into that setting.
    Pair(&'static str),
}

/// What a library takes that we refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    Future,
    Old,
}

const PLAIN: Secret = Secret::Shared("a secret that is shared", "a secret that is not");
const WHSEC: Secret =
    Secret::Shared("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_c2VjcmV0IHRoYXQgaXMgbm90IHNoYXJlZA==");

/// As long as RFC 7518 wants it.
const LONG: Secret =
    Secret::Shared("a secret that is shared, 32 bytes or more", "a secret that is not shared, 32 bytes or more");
const PUBLIC_KEY: Secret = Secret::Pair("public_key");
pub const HMAC_KEY: &str = "44782def547aaa06c910c43932b1eb0c71fc68d9d0c057550c48ec2acf6ba056";
const HEX: Secret = Secret::Shared(HMAC_KEY, "44782def547aaa06c910c43932b1eb0c71fc68d9d0c057550c48ec2acf6ba057");
const ADDRESS: &str = "url: ADDRESS";

impl Case {
    fn new(tongue: Tongue, library: &'static str, scheme: &'static str) -> Self {
        let (request, covered): (fn(&str, u64) -> Request, _) = (event, Some("paid"));
        let takes = &[];
        Self { tongue, library, scheme, request, secret: PLAIN, signs: true, covered, takes, old: 0, settings: "" }
    }

    /// Requests of another kind, with that text in their bodies.
    fn of(self, request: fn(&str, u64) -> Request, covered: &'static str) -> Self {
        Self { request, covered: Some(covered), ..self }
    }

    fn secret(self, secret: Secret) -> Self {
        Self { secret, ..self }
    }

    /// The body is no part of what is signed.
    fn uncovered(self) -> Self {
        Self { covered: None, ..self }
    }

    /// The library verifies and does not sign.
    fn only_verifies(self) -> Self {
        Self { signs: false, ..self }
    }

    /// Requests of that age, in seconds, are too old; and so far ahead, too new.
    fn timed(self, old: u64) -> Self {
        Self { old, ..self }
    }

    fn takes(self, takes: &'static [Taken]) -> Self {
        Self { takes, ..self }
    }

    fn settings(self, settings: &'static str) -> Self {
        Self { settings, ..self }
    }

    /// The source that is for this case alone.
    pub fn source(&self) -> String {
        format!("{:?}-{}", self.tongue, self.library).to_lowercase()
    }
}

pub fn all() -> Vec<Case> {
    vec![
        Case::new(Python, "standard", "standard").secret(WHSEC).timed(360),
        Case::new(Python, "svix", "svix").secret(WHSEC).timed(360),
        // Nobody's clock is ahead, it thinks.
        Case::new(Python, "stripe", "stripe").timed(360).takes(&[Taken::Future]),
        Case::new(Python, "slack", "slack").of(slash_command, "weather").timed(360),
        Case::new(Python, "line", "line").only_verifies(),
        Case::new(Python, "square", "square").only_verifies().settings(ADDRESS),
        Case::new(Python, "razorpay", "razorpay").only_verifies(),
        Case::new(Python, "gocardless", "gocardless").of(gocardless, "paid_out").only_verifies(),
        Case::new(Python, "plivo", "plivo").of(plivo, "Text").settings(ADDRESS),
        Case::new(Python, "easypost", "easypost").only_verifies(),
        Case::new(Python, "pusher", "pusher").of(pusher, "occupied").only_verifies().timed(360),
        Case::new(Python, "box", "box").of(boxed, "paid").timed(660),
        // Neither library judges the time.
        Case::new(Python, "discord", "discord").secret(PUBLIC_KEY).timed(1_000).takes(&[Taken::Future, Taken::Old]),
        Case::new(Python, "sendgrid", "sendgrid").secret(PUBLIC_KEY).timed(90_000).takes(&[Taken::Future, Taken::Old]),
        Case::new(Python, "adyen", "adyen").of(adyen, "AUTHORISATION").secret(HEX),
        Case::new(Python, "adyen-platform", "adyen-platform").secret(HEX),
        Case::new(Python, "twilio", "twilio").of(twilio, "Body").settings(ADDRESS),
        Case::new(Python, "twilio-json", "twilio").of(twilio_json, "delivered").settings(ADDRESS),
        Case::new(Python, "twilio-shared", "twilio").of(twilio, "Body").settings("url: ADDRESS, algorithm: sha256"),
        Case::new(Python, "hubspot-v1", "hubspot").settings("version: v1"),
        Case::new(Python, "hubspot-v2", "hubspot").of(queried, "paid").settings("version: v2, url: ADDRESS"),
        // Nobody's clock is ahead, it thinks.
        Case::new(Python, "hubspot-v3", "hubspot")
            .of(queried, "paid")
            .settings(ADDRESS)
            .timed(360)
            .takes(&[Taken::Future]),
        Case::new(Python, "onfido", "onfido").of(onfido, "completed").only_verifies(),
        Case::new(Node, "github", "github"),
        Case::new(Node, "linear", "linear").of(linear, "create").only_verifies().timed(120),
        // 5 s of age are too many for it, and none are too few: its own clock must agree.
        Case::new(Node, "paddle", "paddle").only_verifies().timed(360).takes(&[Taken::Future]),
        Case::new(Node, "messagebird", "messagebird").of(queried, "paid").secret(LONG).settings(ADDRESS).timed(360),
        Case::new(Node, "messagebird-empty", "messagebird").of(empty, "").uncovered().secret(LONG).settings(ADDRESS),
        Case::new(Node, "mux", "mux").only_verifies().timed(360).takes(&[Taken::Future]),
        // It judges no time.
        Case::new(Node, "sanity", "sanity").timed(360).takes(&[Taken::Future, Taken::Old]),
        Case::new(Node, "workos", "workos").timed(240).takes(&[Taken::Future]),
        Case::new(Node, "shopify", "shopify").of(shopify, "paid").only_verifies(),
        Case::new(Node, "standard", "standard").secret(WHSEC).timed(360),
        Case::new(Node, "svix", "svix").secret(WHSEC).timed(360),
    ]
    .into_iter()
    .chain(tokens())
    .collect()
}

/// PyJWT and jose, with tokens for each kind of key. They end after 300 s, and begin at the time of signing.
fn tokens() -> impl Iterator<Item = Case> {
    let token = |(tongue, library, secret, settings)| Case {
        covered: None,
        old: 600,
        ..Case::new(tongue, library, "jwt").secret(secret).settings(settings)
    };
    let [hs256, rs256, es256, eddsa] = [
        "algorithm: HS256, issuer: any, audience: hookpost",
        "algorithm: RS256, issuer: any, audience: hookpost",
        "algorithm: ES256, issuer: any, audience: hookpost",
        "algorithm: EdDSA, issuer: any, audience: hookpost",
    ];
    let cases = [Python, Node].map(|tongue| {
        [
            (tongue, "jwt-hs256", LONG, hs256),
            (tongue, "jwt-rs256", PUBLIC_KEY, rs256),
            (tongue, "jwt-es256", PUBLIC_KEY, es256),
            (tongue, "jwt-eddsa", PUBLIC_KEY, eddsa),
        ]
    });
    cases.into_iter().flatten().map(token)
}
