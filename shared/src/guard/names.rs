//! A host's name → whether it can be a receiver's.

/// Last labels that the public DNS does not have, or must not answer for (RFC 6761, 6762, 7686, 8375;
/// `.internal` by ICANN): whatever answers them is inside.
const INSIDE: [&str; 9] = ["arpa", "corp", "home", "internal", "intranet", "lan", "local", "localdomain", "onion"];

/// Google Cloud's instance metadata under a public name.
const METADATA: &str = "metadata.goog";

/// Where AWS names its own services. `amazonaws.eu` is its European Sovereign Cloud.
const AWS: [&str; 5] = ["amazonaws.com", "amazonaws.com.cn", "amazonaws.eu", "amazonwebservices.com.cn", "aws"];

/// Below those, what belongs to AWS's customers or takes webhooks by design: API Gateway, AppSync,
/// function URLs, load balancers and instances by their public names, the build hooks of Amplify and
/// CodePipeline. Everything else is an API that acts for whoever signs, or by the network it is called
/// from: no receiver of webhooks. A `*` is one label, the first `*` one or more; China's names end in
/// `.cn` besides.
const RECEIVERS: [&str; 9] = [
    "*.execute-api.*.amazonaws.com",
    "*.appsync-api.*.amazonaws.com",
    "*.lambda-url.*.on.aws",
    "*.elb.amazonaws.com",
    "*.elb.*.amazonaws.com",
    "*.compute.amazonaws.com",
    "*.compute-1.amazonaws.com",
    "webhooks.amplify.*.amazonaws.com",
    "*.webhooks.aws",
];

/// Whether a name is the own machine's (RFC 6761, 6.3).
pub(super) fn is_loopback(name: &str) -> bool {
    is_below(name, "localhost")
}

/// Passes a full, public domain name in lower case.
pub(super) fn judge(name: &str) -> Result<(), &'static str> {
    if name.len() > 253 || !name.split('.').all(is_label) {
        return Err("names a host that is no domain name");
    }
    let Some((_, last)) = name.rsplit_once('.') else {
        return Err("names a host without its domain; give the full name");
    };
    if INSIDE.contains(&last) || is_below(name, METADATA) {
        return Err("names a host of an internal network; only public hosts are allowed");
    }
    let receives = || RECEIVERS.iter().any(|pattern| fits(pattern, name.strip_suffix(".cn").unwrap_or(name)));
    match AWS.iter().any(|domain| is_below(name, domain)) && !receives() {
        true => Err("names a service of AWS that takes no webhooks"),
        false => Ok(()),
    }
}

fn is_label(label: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
    (1..=63).contains(&label.len()) && label.bytes().all(plain)
}

fn is_below(name: &str, domain: &str) -> bool {
    name.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

fn fits(pattern: &str, name: &str) -> bool {
    let (open, fixed) = pattern.strip_prefix("*.").map_or((false, pattern), |fixed| (true, fixed));
    let mut labels = name.rsplit('.');
    let same = fixed.rsplit('.').all(|wanted| labels.next().is_some_and(|label| wanted == "*" || wanted == label));
    same && labels.next().is_some() == open
}
