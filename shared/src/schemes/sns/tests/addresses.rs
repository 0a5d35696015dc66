//! Where certificates are fetched from, and where not.

use super::super::is_certificate_of_sns;
use super::*;
use crate::schemes::Wanted;

#[test]
fn nothing_is_fetched_but_from_where_sns_keeps_its_certificates() {
    let name = "/SimpleNotificationService-f3ecfb7224c7233fe7bb5f59f96de52f.pem";
    for good in ["sns.us-west-2.amazonaws.com", "sns.cn-north-1.amazonaws.com.cn", "sns.us-gov-west-1.amazonaws.com"] {
        assert!(is_certificate_of_sns(&format!("https://{good}{name}")), "{good}");
    }
    let hosts = [
        "sns.us-east-1.amazonaws.com.evil.com",
        "evil.com/sns.us-east-1.amazonaws.com",
        "sns.us-east-1.amazonaws.com@evil.com",
        "evil.com@sns.us-east-1.amazonaws.com",
        "sns.us-east-1.amazonaws.com:443",
        "sns.us-east-1.amazonaws.com:8443",
        "SNS.us-east-1.amazonaws.com",
        "sns.us-east-1.AMAZONAWS.com",
        "sns.us-east-1.amazonaws.com.",
        "sns..amazonaws.com",
        "sns.us-east-1.amazonaws.com.cn.evil.cn",
        "sns.a.b.amazonaws.com",
        "sns.us-east-1.amazonaws.com#",
        "sns.us-east-1.amazonaws.com?",
        "sns.us-east-1.amazonaws.com\\@evil.com",
        "sns.us-east-1.amazonaws.com%2f",
        "xsns.us-east-1.amazonaws.com",
        "sns.évil.amazonaws.com",
        "sns.us-east-1\u{3002}amazonaws.com",
        "sns-us-east-1.amazonaws.com",
        "s3.amazonaws.com",
        "sns.us-east-1.amazonaws.co",
        "",
    ];
    for host in hosts {
        assert!(!is_certificate_of_sns(&format!("https://{host}{name}")), "{host}");
    }
    let paths = [
        "",
        "/",
        "/evil.pem",
        "/../SimpleNotificationService-abcdef0123.pem",
        "/x/SimpleNotificationService-abcdef0123.pem",
        "/SimpleNotificationService-abcdef0123.pem?x=.pem",
        "/SimpleNotificationService-abcdef0123.pem#.pem",
        "/SimpleNotificationService-.pem",
        "/SimpleNotificationService-abcdef/../../x.pem",
        "/SimpleNotificationService-abcdef0123.pem/",
        "/SimpleNotificationService-abcdefg123.pem",
        "/SimpleNotificationService-abcdef0123.PEM",
        "//SimpleNotificationService-abcdef0123.pem",
        "/SimpleNotificationService-abcdef0123%2f.pem",
    ];
    for path in paths {
        assert!(!is_certificate_of_sns(&format!("https://sns.us-east-1.amazonaws.com{path}")), "{path}");
    }
    for scheme in ["http://", "HTTPS://", " https://", "https:/", "//", "ftp://", "https:\\\\"] {
        assert!(!is_certificate_of_sns(&format!("{scheme}sns.us-east-1.amazonaws.com{name}")), "{scheme}");
    }
    let headers = HeaderMap::new();
    let wants = |message: Value| topic().wants(&Presented::of(&headers, message.to_string().as_bytes()));
    assert_eq!(wants(message("Notification")), [Wanted::certificate(URL)]);
    for (name, value) in
        [("SigningCertURL", "https://evil.example/x.pem"), ("TopicArn", "other"), ("SignatureVersion", "3")]
    {
        let mut wrong = message("Notification");
        wrong[name] = json!(value);
        assert_eq!(wants(wrong.clone()), [], "{name}");
        assert!(
            !matches!(judged(&topic(), wrong.to_string().as_bytes(), "", now()), Ok(_) | Err(Fault::NotFetched(_))),
            "{name}"
        );
    }
}
