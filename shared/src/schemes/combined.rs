//! Several proofs at once: all of them, or any, as deep as the owner nests them.

use std::sync::Arc;

use http::Method;

use super::{Difference, Effort, Fetched, Presented, Proof, Prove, Scheme, Settings, Wanted};
use crate::signature::Fault;
use crate::timestamp::Timestamp;

/// What a source asks of its callers.
#[derive(Clone)]
pub(super) enum Asked {
    One(Part),
    /// Every one must hold.
    All(Vec<Asked>),
    /// One must hold.
    Any(Vec<Asked>),
}

/// One scheme with what the owner says of it.
#[derive(Clone)]
pub struct Part {
    pub scheme: &'static Scheme,
    pub settings: Arc<Settings>,
    /// What its proofs cover.
    pub kind: Proof,
    /// `None` with those who never verify.
    pub(super) proof: Option<Arc<dyn Prove>>,
    pub(super) url: Option<String>,
}

/// What was proved, and by which schemes: theirs are the names of delivery and event.
#[derive(Clone)]
pub struct Proved {
    pub proof: Proof,
    pub by: Vec<&'static Scheme>,
}

/// The data of a GET is its query.
const UNSIGNED_GET: Fault =
    Fault::NotAllowed(std::borrow::Cow::Borrowed("a GET, whose query the signature does not cover"));

impl Asked {
    /// The schemes, in the owner's order.
    pub(super) fn parts(&self) -> Vec<&Part> {
        match self {
            Self::One(part) => vec![part],
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::parts).collect(),
        }
    }

    /// The names of the schemes and how they are joined, like `basic and (standard or password)`.
    pub(super) fn names(&self) -> String {
        let each = |parts: &[Self], word: &str| {
            let is_inner = |part: &Self| matches!(part, Self::All(inner) | Self::Any(inner) if inner.len() > 1);
            let fenced = |part: &Self| if is_inner(part) { format!("({})", part.names()) } else { part.names() };
            match parts {
                [one] => one.names(),
                parts => parts.iter().map(fenced).collect::<Vec<_>>().join(word),
            }
        };
        match self {
            Self::One(part) => part.scheme.name.to_owned(),
            Self::All(parts) => each(parts, " and "),
            Self::Any(parts) => each(parts, " or "),
        }
    }

    /// What its proofs cover, at least.
    pub(super) fn kind(&self) -> Proof {
        let signed = |part: &Self| part.kind() == Proof::Signed;
        let is_signed = match self {
            Self::One(part) => part.kind == Proof::Signed,
            Self::All(parts) => parts.iter().any(signed),
            Self::Any(parts) => parts.iter().all(signed),
        };
        if is_signed { Proof::Signed } else { Proof::Authenticated }
    }

    /// Whether a GET can prove itself.
    pub(super) fn takes_get(&self) -> bool {
        match self {
            Self::One(part) => part.takes_get(),
            Self::All(parts) => parts.iter().all(Self::takes_get),
            Self::Any(parts) => parts.iter().any(Self::takes_get),
        }
    }

    pub(super) fn wants(&self, request: &Presented<'_>) -> Vec<Wanted> {
        let parts = self.parts();
        parts.into_iter().flat_map(|part| part.wants(request)).collect()
    }

    /// Looks at every part, whatever the others say. Of several that hold where one is enough, the first
    /// that covers the body counts.
    pub(super) fn prove(&self, request: &Presented<'_>, fetched: &Fetched, now: Timestamp) -> Result<Proved, Fault> {
        let each = |parts: &[Self]| -> (Vec<Proved>, Vec<Fault>) {
            let (mut proved, mut faults) = (Vec::new(), Vec::new());
            for part in parts {
                match part.prove(request, fetched, now) {
                    Ok(one) => proved.push(one),
                    Err(fault) => faults.push(fault),
                }
            }
            (proved, faults)
        };
        match self {
            Self::One(part) => part.prove(request, fetched, now),
            Self::All(parts) => match each(parts) {
                (proved, faults) if faults.is_empty() => Ok(together(proved)),
                (_, faults) => Err(all_of(faults)),
            },
            Self::Any(parts) => {
                let (proved, faults) = each(parts);
                let signed = proved.iter().position(|one| one.proof == Proof::Signed);
                let best = proved.into_iter().nth(signed.unwrap_or_default());
                best.ok_or_else(|| any_of(faults))
            }
        }
    }
}

impl Part {
    fn takes_get(&self) -> bool {
        self.kind == Proof::Authenticated || self.scheme.covers_query()
    }

    fn seen<'a>(&'a self, request: &Presented<'a>) -> Presented<'a> {
        Presented { url: self.url.as_deref(), ..*request }
    }

    fn wants(&self, request: &Presented<'_>) -> Vec<Wanted> {
        self.proof.as_ref().map(|proof| proof.wants(&self.seen(request))).unwrap_or_default()
    }

    pub(super) fn differences(&self, request: &Presented<'_>, now: Timestamp, effort: Effort) -> Vec<Difference> {
        let found = self.proof.as_ref().map(|proof| proof.differences(&self.seen(request), now, effort));
        found.unwrap_or_default()
    }

    fn prove(&self, request: &Presented<'_>, fetched: &Fetched, now: Timestamp) -> Result<Proved, Fault> {
        if request.method == Method::GET && !self.takes_get() {
            return Err(UNSIGNED_GET);
        }
        let proof = self.proof.as_ref().ok_or(Fault::Absent)?.prove(&self.seen(request), fetched, now)?;
        if request.method == Method::GET && proof == Proof::Signed && !self.scheme.covers_query() {
            return Err(UNSIGNED_GET);
        }
        Ok(Proved { proof, by: vec![self.scheme] })
    }
}

fn together(proved: Vec<Proved>) -> Proved {
    let is_signed = proved.iter().any(|one| one.proof == Proof::Signed);
    let proof = if is_signed { Proof::Signed } else { Proof::Authenticated };
    Proved { proof, by: proved.into_iter().flat_map(|one| one.by).collect() }
}

/// Why not all hold. What was not fetched counts only if it alone stood in the way.
fn all_of(faults: Vec<Fault>) -> Fault {
    let (unfetched, wrong): (Vec<_>, Vec<_>) = faults.into_iter().partition(is_unfetched);
    several(if wrong.is_empty() { unfetched.into_iter().take(1).collect() } else { wrong })
}

/// Why none holds. One whose key was not fetched might have held.
fn any_of(faults: Vec<Fault>) -> Fault {
    match faults.iter().find(|fault| is_unfetched(fault)) {
        Some(unfetched) => unfetched.clone(),
        None => several(faults),
    }
}

fn is_unfetched(fault: &Fault) -> bool {
    matches!(fault, Fault::NotFetched(_))
}

fn several(mut faults: Vec<Fault>) -> Fault {
    match faults.len() {
        0 => Fault::Absent,
        1 => faults.swap_remove(0),
        _ => Fault::Several(faults),
    }
}
