//! What it costs to verify, beside the bare primitive over the same bytes: each row that signs by a recipe.

mod genuine;
mod measure;

use std::collections::BTreeMap;
use std::hint::black_box;

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use shared::schemes::{Check, Fetched, Settings, Verifier, all};
use shared::secret::Secret;
use shared::signature::{Algorithm, Digest};

use genuine::{Genuine, NOW};
use measure::{peak, ratio};

/// More than this over the bare primitive is too much.
const GOAL: f64 = 1.3;

/// Hexadecimal, base64 and text: a key for any recipe.
const SECRET: &str = "6b6579206f662074686520667a7a207465737420746861742066697473206e6f";

const SIZES: [(&str, usize); 2] = [("1 KB", 1_000), ("1 MB", 1_000_000)];

/// A recipe's figures: over the bare primitive at each size, and the bytes that one verification takes at most.
struct Row {
    name: &'static str,
    digest: &'static str,
    ratios: [f64; 2],
    peak: u64,
}

pub fn run() {
    println!("Verification of genuine requests beside HMAC alone by the same crate over the same body, prepared keys");
    let rows: Vec<Row> = all().iter().filter_map(|scheme| row(scheme.name)).collect();
    let mut groups: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in &rows {
        groups.entry(row.digest).or_default().push(row);
    }
    println!(
        "  {:<14} {:>8} {:>14} {:>14} {:>14} {:>14} {:>12}",
        "", "recipes", "1 KB median", "worst", "1 MB median", "worst", "peak KB"
    );
    for (digest, rows) in groups {
        let (small, large) = (sorted(&rows, 0), sorted(&rows, 1));
        let middle = rows.len() / 2;
        let peak = rows.iter().map(|row| row.peak).max().unwrap_or_default() / 1_024;
        println!(
            "  {digest:<14} {:>8} {:>13.2}x {:>13.2}x {:>13.2}x {:>13.2}x {peak:>12}",
            rows.len(),
            small[middle],
            small[small.len() - 1],
            large[middle],
            large[large.len() - 1],
        );
    }
    for row in rows.iter().filter(|row| row.ratios.iter().any(|ratio| *ratio > GOAL)) {
        println!("  over {GOAL}x: {:<24} {:>6.2}x at 1 KB {:>6.2}x at 1 MB", row.name, row.ratios[0], row.ratios[1]);
    }
    println!("  peak KB: what a verification of 16 MB adds to the resident set, the worst of its group");
}

fn sorted(rows: &[&Row], size: usize) -> Vec<f64> {
    let mut ratios: Vec<_> = rows.iter().map(|row| row.ratios[size]).collect();
    ratios.sort_by(f64::total_cmp);
    ratios
}

/// `None` if it does not sign by a recipe with a secret, or signs something in the body.
fn row(name: &'static str) -> Option<Row> {
    let scheme = shared::schemes::named(name)?;
    let Check::Recipe(recipe) = &scheme.check else { return None };
    let Algorithm::Hmac { digest, key } = recipe.algorithm else { return None };
    if !recipe.covers_body() {
        return None;
    }
    let secret = Secret::new(SECRET);
    let bytes = key.bytes(&secret).ok()?;
    let values = BTreeMap::from([("url".to_owned(), "https://hooks.example.com/in/bench".into())]);
    let settings = Settings::new(BTreeMap::from([("secret".to_owned(), vec![secret])]), values);
    let verifier = Verifier::new(scheme, settings).ok()?;
    let mut ratios = [0.0; 2];
    for (at, (_, size)) in SIZES.into_iter().enumerate() {
        let genuine = Genuine::of(recipe, SECRET, size)?;
        verify(&verifier, &genuine);
        ratios[at] = match digest {
            Digest::Sha1 => beside::<Hmac<Sha1>>(&bytes, &verifier, &genuine),
            Digest::Sha256 => beside::<Hmac<Sha256>>(&bytes, &verifier, &genuine),
            Digest::Sha512 => beside::<Hmac<Sha512>>(&bytes, &verifier, &genuine),
        };
    }
    let large = Genuine::of(recipe, SECRET, 16_000_000)?;
    let peak = peak(|| verify(&verifier, &large));
    let digest = match digest {
        Digest::Sha1 => "HMAC-SHA1",
        Digest::Sha256 => "HMAC-SHA256",
        Digest::Sha512 => "HMAC-SHA512",
    };
    Some(Row { name, digest, ratios, peak })
}

fn verify(verifier: &Verifier, genuine: &Genuine) {
    let verdict = genuine.presented(|request| verifier.verify(request, &Fetched::default(), NOW));
    assert!(verdict.is_ok(), "{}: {verdict:?}", verifier.title(&[]));
}

fn beside<M: Mac + KeyInit + Clone>(key: &[u8], verifier: &Verifier, genuine: &Genuine) -> f64 {
    let prepared = <M as KeyInit>::new_from_slice(key).expect("a key of any length");
    let mut mac = prepared.clone();
    mac.update(&genuine.body);
    let signature = mac.finalize().into_bytes();
    let bare = || {
        let mut mac = prepared.clone();
        mac.update(black_box(&genuine.body));
        assert!(mac.verify_slice(&signature).is_ok());
    };
    ratio(|| verify(verifier, genuine), bare)
}
