//! What the guard lets pass and what it refuses.

mod spellings;

use super::*;

const PUBLIC: Guard = Guard { allow_loopback: false, allow_sns: false };
const LOCAL: Guard = Guard { allow_loopback: true, allow_sns: false };

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
        (
            "https://localhost:8443/",
            "names a loopback host; only public hosts are allowed (on your own machine, --allow-loopback allows it)",
        ),
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
