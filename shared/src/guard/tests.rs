//! What the guard lets pass and what it refuses, in every spelling.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};
use proptest::prelude::*;

use super::*;

const PUBLIC: Guard = Guard { allow_loopback: false };
const LOCAL: Guard = Guard { allow_loopback: true };

fn refusal(url: &str) -> String {
    PUBLIC.target(url).expect_err(url).0
}

#[test]
fn a_public_https_address_passes_as_the_web_reads_it() {
    for (text, read) in [
        ("https://Hooks.Example.com/a?b=c", "https://hooks.example.com/a?b=c"),
        ("https://example.com.:443", "https://example.com/"),
        ("https://example.com:8443/", "https://example.com:8443/"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        ("https://8.8.8.8/", "https://8.8.8.8/"),
        ("https://[2606:4700::1111]/", "https://[2606:4700::1111]/"),
        ("https://[::ffff:8.8.8.8]/", "https://[::ffff:808:808]/"),
    ] {
        assert_eq!(PUBLIC.target(text).expect(text).url().as_str(), read);
    }
}

#[test]
fn a_refusal_says_what_to_change() {
    for (url, words) in [
        ("example.com", "is no URL: relative URL without a base"),
        ("http://example.com/", "is not https"),
        ("ftp://example.com/", "is not https"),
        ("file:///etc/passwd", "is not https"),
        ("https://example.com:22/", "names a port that is not allowed; allowed: 443, 8443"),
        ("https://example.com:0/", "names a port that is not allowed; allowed: 443, 8443"),
        ("https://u:p@example.com/", "holds a user name or a password; give credentials as headers"),
        ("https://example.com/#a", "has a fragment (#…), which is never sent"),
        ("https://intranet/", "names a host without its domain; give the full name"),
        ("https://a..example.com/", "names a host that is no domain name"),
        ("https://example.com../", "names a host that is no domain name"),
        ("https://a(b).example.com/", "names a host that is no domain name"),
        ("https://localhost:8443/", "names a loopback host; only public hosts are allowed"),
        ("https://10.1.2.3/", "names a private address; only public addresses are allowed"),
        ("https://[fd00:ec2::254]/", "names a private address; only public addresses are allowed"),
        ("https://169.254.169.254/", "names a link-local address; only public addresses are allowed"),
    ] {
        assert_eq!(refusal(url), words, "{url}");
    }
    let long = format!("https://example.com/{}", "a".repeat(2_048));
    assert_eq!(refusal(&long), "is longer than 2048 bytes");
}

#[test]
fn names_that_are_never_public_are_refused() {
    for host in [
        "localhost.",
        "LOCALHOST",
        "a.localhost",
        "printer.local",
        "db.internal",
        "router.home.arpa",
        "1.0.0.127.in-addr.arpa",
        "metadata.google.internal",
        "metadata.google.internal.",
        "metadata.goog",
        "instance-data",
        "instance-data.ec2.internal",
        "nas.lan",
        "wiki.corp",
        "hidden.onion",
        "%6cocalhost",
        "ｌｏｃａｌｈｏｓｔ",
    ] {
        refusal(&format!("https://{host}/"));
    }
}

#[test]
fn services_of_aws_are_refused_and_what_its_customers_run_there_is_not() {
    for host in [
        "amazonaws.com",
        "sqs.us-east-1.amazonaws.com",
        "SQS.us-east-1.amazonaws.com.",
        "bucket.s3.eu-west-1.amazonaws.com",
        "lambda.eu-west-1.api.aws",
        "s3.dualstack.cn-north-1.amazonaws.com.cn",
        "sts.eusc-de-east-1.amazonaws.eu",
        "execute-api.us-east-1.amazonaws.com",
        "vpce-1.execute-api.us-east-1.vpce.amazonaws.com",
        "execute-api.us-east-1.sqs.us-east-1.amazonaws.com",
        "lambda-url.us-east-1.on.aws",
        "on.aws",
        "webhooks.amplify.amazonaws.com",
    ] {
        assert_eq!(refusal(&format!("https://{host}/")), "names a service of AWS that takes no webhooks", "{host}");
    }
    for host in [
        "a1b2c3.execute-api.us-east-1.amazonaws.com",
        "a1b2c3.execute-api.cn-north-1.amazonaws.com.cn",
        "abc.lambda-url.eu-west-1.on.aws",
        "abc.appsync-api.eu-west-1.amazonaws.com",
        "app-1.eu-west-1.elb.amazonaws.com",
        "net-1.elb.eu-west-1.amazonaws.com",
        "ec2-3-1-2-3.eu-west-1.compute.amazonaws.com",
        "webhooks.amplify.us-east-1.amazonaws.com",
        "us-east-1.webhooks.aws",
        "notamazonaws.com",
        "d111.cloudfront.net",
        "laws.example.com",
    ] {
        PUBLIC.target(&format!("https://{host}/")).expect(host);
    }
}

#[test]
fn loopback_passes_besides_where_it_is_allowed() {
    for url in [
        "http://localhost:9000/a",
        "http://LOCALHOST.:9000/",
        "https://app.localhost:1234/",
        "http://127.0.0.1:80/",
        "http://127.9.9.9:1/",
        "http://0x7f.1:5000/",
        "http://[::1]:5000/",
        "http://[::ffff:127.0.0.1]:5000/",
        "https://example.com/",
    ] {
        LOCAL.target(url).expect(url);
    }
    for url in [
        "http://example.com/",
        "https://example.com:9000/",
        "http://10.0.0.1/",
        "https://10.0.0.1/",
        "http://0.0.0.0:9000/",
        "http://[::]:9000/",
        "http://localhost.example.com/",
        "http://mylocalhost:9000/",
        "ftp://localhost/",
    ] {
        assert!(LOCAL.target(url).is_err(), "{url}");
    }
}

#[test]
fn a_name_is_refused_for_any_of_its_addresses() {
    let ips = |texts: &[&str]| texts.iter().map(|text| text.parse().expect("an address")).collect::<Vec<IpAddr>>();
    for guard in [PUBLIC, LOCAL] {
        assert_eq!(guard.addresses(&ips(&["93.184.216.34", "2606:4700::1111", "::ffff:8.8.8.8"])), Ok(()));
        assert_eq!(guard.addresses(&[]), Err(no("has no address")));
        for inside in ["10.0.0.1", "127.0.0.1", "::1", "::ffff:127.0.0.1", "fe80::1"] {
            assert!(guard.addresses(&ips(&["93.184.216.34", inside])).is_err(), "{inside}");
        }
    }
}

#[test]
fn a_query_may_be_replaced_and_is_always_fit_for_a_request() {
    let target = PUBLIC.target("https://example.com/a?b=c").expect("a target");
    assert_eq!(target.uri(None).expect("a URI"), "https://example.com/a?b=c");
    let uri = target.uri(Some("x=1 2\r\n#é")).expect("a URI");
    assert_eq!(uri, "https://example.com/a?x=1%202%23%C3%A9");
}

/// Every range that must not be reached, written down a second time.
const V4: [&str; 16] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "168.63.129.16/32",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
];

const V6: [&str; 14] = [
    "::/8",
    "::ffff:0:0:0/96",
    "64:ff9b::/96",
    "64:ff9b:1::/48",
    "100::/64",
    "2001::/23",
    "2001:db8::/32",
    "2002::/16",
    "3fff::/20",
    "4000::/2",
    "5f00::/16",
    "fc00::/7",
    "fe80::/10",
    "ff00::/8",
];

fn v4_inside() -> impl Strategy<Value = Ipv4Addr> {
    (0..V4.len(), any::<u32>()).prop_map(|(range, random)| {
        let net: Ipv4Net = V4[range].parse().expect("a range");
        Ipv4Addr::from(u32::from(net.network()) | (random & u32::from(net.hostmask())))
    })
}

fn v6_inside() -> impl Strategy<Value = Ipv6Addr> {
    (0..V6.len(), any::<u128>()).prop_map(|(range, random)| {
        let net: Ipv6Net = V6[range].parse().expect("a range");
        let ip = Ipv6Addr::from(u128::from(net.network()) | (random & u128::from(net.hostmask())));
        // What is mapped is an IPv4 address, which the other property holds.
        if ip.to_ipv4_mapped().is_some() { Ipv6Addr::UNSPECIFIED } else { ip }
    })
}

fn spellings(ip: Ipv4Addr) -> Vec<String> {
    let ([a, b, c, d], n) = (ip.octets(), u32::from(ip));
    let (low, lower) = (n & 0x00ff_ffff, n & 0xffff);
    let percent: String = ip.to_string().bytes().map(|byte| format!("%{byte:02x}")).collect();
    let full: String = ip.to_string().chars().map(|c| c.to_digit(10).map_or('．', wide)).collect();
    let mut hosts = vec![
        format!("{n}"),
        format!("{n:#x}"),
        format!("{n:#X}").replace("0x", "0X"),
        format!("0{n:o}"),
        format!("0{a:o}.0{b:o}.0{c:o}.0{d:o}"),
        format!("{a:#x}.{b:#x}.{c:#x}.{d:#x}"),
        format!("{a}.{low}"),
        format!("{a}.{b}.{lower}"),
        format!("{a:#x}.{low:#o}").replace("0o", "0"),
        format!("{ip}."),
        percent,
        full,
    ];
    let hex = format!("{:x}:{:x}", n >> 16, lower);
    for prefix in ["::ffff:", "::FFFF:", "0:0:0:0:0:ffff:", "0000:0000:0000:0000:0000:FFFF:", "::", "64:ff9b::"] {
        hosts.extend([format!("[{prefix}{ip}]"), format!("[{prefix}{hex}]"), format!("[{prefix}{ip}%25eth0]")]);
    }
    hosts.push(format!("[2002:{hex}::1]"));
    hosts
}

fn wide(digit: u32) -> char {
    char::from_u32('０' as u32 + digit).expect("a digit")
}

proptest! {
    #[test]
    fn no_spelling_of_an_inside_ipv4_address_passes(ip in v4_inside()) {
        for host in spellings(ip).into_iter().chain([ip.to_string()]) {
            for url in [format!("https://{host}/"), format!("https://{host}:8443/x"), format!("https://u@{host}/")] {
                prop_assert!(PUBLIC.target(&url).is_err(), "{url}");
                prop_assert!(ip.is_loopback() || LOCAL.target(&url).is_err(), "{url}");
            }
        }
        prop_assert!(PUBLIC.addresses(&[ip.into()]).is_err());
        prop_assert!(PUBLIC.addresses(&[ip.to_ipv6_mapped().into()]).is_err());
    }

    #[test]
    fn no_spelling_of_an_inside_ipv6_address_passes(ip in v6_inside()) {
        let full = ip.segments().map(|segment| format!("{segment:04X}")).join(":");
        for host in [format!("[{ip}]"), format!("[{full}]"), format!("[{ip}%25lo]"), format!("[{ip}%lo]")] {
            let url = format!("https://{host}/");
            prop_assert!(PUBLIC.target(&url).is_err(), "{url}");
            prop_assert!(ip.is_loopback() || LOCAL.target(&url).is_err(), "{url}");
        }
        prop_assert!(PUBLIC.addresses(&[ip.into()]).is_err());
    }

    #[test]
    fn public_addresses_pass(v4 in any::<u32>().prop_map(Ipv4Addr::from), low in any::<u128>()) {
        let inside = |ip: &Ipv4Addr| V4.iter().any(|net| net.parse::<Ipv4Net>().expect("a range").contains(ip));
        let v6 = Ipv6Addr::from((0x2600_u128 << 112) | (low >> 16));
        for ip in [v6.into(), v6.into(), v4.into()].into_iter().take(if inside(&v4) { 2 } else { 3 }) {
            let host = if let IpAddr::V6(ip) = ip { format!("[{ip}]") } else { ip.to_string() };
            prop_assert!(PUBLIC.target(&format!("https://{host}/")).is_ok(), "{host}");
            prop_assert_eq!(PUBLIC.addresses(&[ip]), Ok(()));
        }
    }

    #[test]
    fn whatever_the_text_the_guard_answers(text in "\\PC*|(https?://)?[a-z0-9.:\\[\\]%@/#?-]{0,60}") {
        if let Ok(target) = LOCAL.target(&text) {
            prop_assert!(target.uri(None).is_some() && target.url().username().is_empty());
        }
    }
}
