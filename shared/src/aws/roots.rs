//! Whom TLS trusts: the system's own certificates of the authority that signs AWS's endpoints.

use std::fs;

use aws_smithy_http_client::tls::TrustStore;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::environment::given;

/// Where systems keep all roots in one file: Amazon Linux, Debian.
const BUNDLES: [&str; 2] = ["/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/certs/ca-certificates.crt"];

/// The names in the roots of Amazon Trust Services (<https://www.amazontrust.com/repository/>). AWS asks its
/// customers to trust all of these; that they are read from the system, and by name, keeps them from
/// going stale with the program.
const AUTHORITIES: [&[u8]; 2] = [b"Amazon", b"Starfield"];

/// Reading every root of the system takes most of a cold start; the endpoints of AWS need a handful.
/// `AWS_CA_BUNDLE` and `SSL_CERT_FILE` name another file, which is then trusted as a whole. Where nothing
/// is found, and in partitions with other authorities, it is all that the system trusts.
pub(super) fn trust_store(region: &str) -> TrustStore {
    if let Some(file) = given("AWS_CA_BUNDLE").or_else(|| given("SSL_CERT_FILE")) {
        return fs::read(file).map(only).unwrap_or_default();
    }
    if region.starts_with("cn-") || region.contains("-iso") {
        return TrustStore::default();
    }
    let bundle = BUNDLES.iter().find_map(|file| fs::read_to_string(file).ok());
    let chosen = bundle.map(|bundle| certificates(&bundle)).unwrap_or_default();
    if chosen.is_empty() { TrustStore::default() } else { only(chosen.into_bytes()) }
}

fn only(pem: Vec<u8>) -> TrustStore {
    TrustStore::empty().with_pem_certificate(pem)
}

/// The certificates of a bundle that name one of the authorities, as PEM.
fn certificates(bundle: &str) -> String {
    const END: &str = "-----END CERTIFICATE-----";
    let blocks =
        bundle.split_inclusive(END).filter_map(|text| Some(&text[text.find("-----BEGIN CERTIFICATE-----")?..]));
    blocks.filter(|block| block.ends_with(END) && is_wanted(block)).flat_map(|block| [block, "\n"]).collect()
}

fn is_wanted(block: &str) -> bool {
    let mut base64 = Vec::with_capacity(block.len());
    for line in block.lines().filter(|line| !line.starts_with('-')) {
        base64.extend_from_slice(line.trim().as_bytes());
    }
    let Ok(der) = STANDARD.decode(base64) else { return false };
    AUTHORITIES.iter().any(|name| holds(&der, name))
}

/// Looks for the first letter, which is fast, then for the rest.
fn holds(bytes: &[u8], name: &[u8]) -> bool {
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| *byte == name[0]) {
        if rest[at..].starts_with(name) {
            return true;
        }
        rest = &rest[at + 1..];
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_authorities_of_aws_are_chosen_and_nothing_else() {
        let Some(bundle) = BUNDLES.iter().find_map(|file| fs::read_to_string(file).ok()) else {
            panic!("this system has no bundle of certificates: install ca-certificates")
        };
        let chosen = certificates(&bundle).matches("BEGIN").count();
        // Amazon Root CA 1 to 4 and Starfield's, of which there may be two or three.
        assert!((5..=9).contains(&chosen) && bundle.matches("BEGIN").count() > 50, "{chosen}");
    }

    #[test]
    fn what_is_no_certificate_is_passed_over() {
        let broken =
            "x -----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE----- -----BEGIN CERTIFICATE-----\nQW1hem9u";
        assert_eq!(certificates(broken), "");
        let amazon = "# Amazon\n-----BEGIN CERTIFICATE-----\nQW1h\nem9u\n-----END CERTIFICATE-----\n";
        assert_eq!(certificates(amazon).matches("BEGIN").count(), 1);
    }
}
