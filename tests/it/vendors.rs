//! Providers' own libraries and our schemes take the same webhooks for genuine, and the same ones for forged.

mod cases;
mod library;
mod ours;
mod quirks;
mod request;
mod sent;
mod sns;
mod tokens;

use cases::{Case, Secret, Taken};
use library::{Libraries, Tongue};
use request::Request;

use crate::harness::{Hookpost, Setup, now};

/// A case with its keys, at both judges.
struct Trial<'a> {
    case: &'a Case,
    hookpost: &'a Hookpost,
    libraries: &'a mut Libraries,
    /// What signs, and what verifies.
    right: (String, String),
    wrong: (String, String),
}

fn keys(case: &Case, libraries: &mut Libraries) -> [(String, String); 2] {
    match case.secret {
        Secret::Shared(right, wrong) => [right, wrong].map(|secret| (secret.to_owned(), secret.to_owned())),
        Secret::Pair(_) => [libraries.keys(case.library), libraries.keys(case.library)],
    }
}

fn source(case: &Case, verifies: &str) -> String {
    let setting = if let Secret::Pair(setting) = case.secret { setting } else { "secret" };
    let (name, scheme, more) = (case.source(), case.scheme, case.settings);
    let more = if more.is_empty() { String::new() } else { format!(", {more}") };
    let more = more.replace("ADDRESS", &format!("{}/in/{name}", request::HOME));
    format!(
        "  {name}: {{ verify: {{ scheme: {scheme}, {setting}: {verifies:?}{more} }}, email: ops@example.com, caller_limit: none }}\n"
    )
}

impl Trial<'_> {
    fn signed_by_them(&mut self, secret: &str, request: &Request, at: u64) -> Option<Request> {
        self.case.signs.then(|| self.libraries.sign(self.case.library, secret, request, at))
    }

    /// The request signed at that time by them and by us, as far as each can.
    fn signed(&mut self, secret: &str, at: u64) -> Vec<(&'static str, Request)> {
        let request = (self.case.request)(&self.case.source(), at);
        let theirs = self.signed_by_them(secret, &request, at).map(|signed| ("theirs", signed));
        let ours = ours::sign(self.case.scheme, secret, &request, at).map(|signed| ("ours", signed));
        theirs.into_iter().chain(ours).collect()
    }

    fn name(&self, who: &str, what: &str) -> String {
        format!("{}, {who}, {what}", self.case.source())
    }

    fn judged(&mut self, name: &str, request: &Request, (ours, theirs): (u16, bool)) {
        let verdict = self.libraries.verify(self.case.library, &self.right.1, request);
        assert_eq!(verdict.is_ok(), theirs, "{name}: {verdict:?} {request:?}");
        let answer = request.post(self.hookpost);
        // Some providers want another answer than 202.
        let status = if answer.header("x-hookpost-id").is_some() { 202 } else { answer.status };
        assert_eq!(status, ours, "{name}: {} {request:?}", answer.text());
        // The next one may repeat the delivery: it would wait for as long as this one is in work.
        self.hookpost.settle();
    }

    fn run(&mut self) {
        let (right, wrong, now) = (self.right.0.clone(), self.wrong.0.clone(), now());
        let signed = self.signed(&right, now);
        assert!(!signed.is_empty(), "{} is signed by nobody", self.case.source());
        for (who, request) in signed {
            self.judged(&self.name(who, "genuine"), &request, (202, true));
            for (what, altered) in self.altered(&request) {
                self.judged(&self.name(who, &what), &altered, (401, false));
            }
        }
        for (who, request) in self.signed(&wrong, now) {
            self.judged(&self.name(who, "by another secret"), &request, (401, false));
        }
        if self.case.old > 0 {
            self.run_times(&right, now);
        }
    }

    /// One byte made another: of each header that signing added, of the query, and of the body.
    fn altered(&self, signed: &Request) -> Vec<(String, Request)> {
        let plain = (self.case.request)(&self.case.source(), 0);
        let added = signed.headers.iter().filter(|(name, _)| plain.header(name).is_none());
        let headers = added.map(|(name, _)| (format!("{name} altered"), signed.with_header_altered(name)));
        let body = self.case.covered.map(|at| ("body altered".to_owned(), signed.with_body_altered(at)));
        let query = signed.target.contains('?').then(|| ("query altered".to_owned(), signed.with_query_altered()));
        headers.chain(query).chain(body).collect()
    }

    fn run_times(&mut self, secret: &str, now: u64) {
        for (what, at, quirk) in
            [("old", now - self.case.old, Taken::Old), ("ahead", now + self.case.old, Taken::Future)]
        {
            for (who, request) in self.signed(secret, at) {
                let taken = self.case.takes.contains(&quirk);
                self.judged(&self.name(who, what), &request, (401, taken));
            }
        }
    }
}

fn agree(tongue: Tongue) {
    let cases: Vec<_> = cases::all().into_iter().filter(|case| case.tongue == tongue).collect();
    let mut libraries = Libraries::start(tongue);
    let keys: Vec<_> = cases.iter().map(|case| keys(case, &mut libraries)).collect();
    let sources = cases.iter().zip(&keys).map(|(case, [right, _])| source(case, &right.1));
    let hookpost = Setup::config(&format!("sources:\n{}", sources.collect::<String>())).start();
    for (case, [right, wrong]) in cases.iter().zip(keys) {
        Trial { case, hookpost: &hookpost, libraries: &mut libraries, right, wrong }.run();
    }
    hookpost.settle();
}

#[test]
fn providers_python_libraries_and_we_take_the_same_webhooks_for_genuine() {
    agree(Tongue::Python);
}

#[test]
fn providers_javascript_libraries_and_we_take_the_same_webhooks_for_genuine() {
    agree(Tongue::Node);
}
