//! Vectors that providers publish, on their pages or in the tests of their libraries.

use http::HeaderMap;

use super::made::URL;
use crate::schemes::{Fetched, Presented, Proof, Settings, Verifier, named};
use crate::secret::Secret;
use crate::timestamp::Timestamp;

struct Vector {
    row: &'static str,
    /// Where it is published.
    page: &'static str,
    secret: &'static str,
    /// In seconds.
    time: u64,
    headers: &'static [(&'static str, &'static str)],
    body: &'static str,
}

const BOX: &str = r#"{"type":"webhook_event","webhook":{"id":"1234567890"},"trigger":"FILE.UPLOADED","source":{"id":"1234567890","type":"file","name":"Test.txt"}}"#;

const VECTORS: &[Vector] = &[
    Vector {
        row: "slack",
        page: "https://docs.slack.dev/authentication/verifying-requests-from-slack/",
        secret: "8f742231b10e8888abcd99yyyzzz85a5",
        time: 1_531_420_618,
        headers: &[
            ("x-slack-signature", "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"),
            ("x-slack-request-timestamp", "1531420618"),
        ],
        body: "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c",
    },
    Vector {
        row: "svix",
        page: "https://docs.svix.com/receiving/verifying-payloads/how-manual",
        secret: "whsec_plJ3nmyCDGBKInavdOK15jsl",
        time: 1_731_705_121,
        headers: &[
            ("svix-id", "msg_loFOjxBNrRLzqYUf"),
            ("svix-timestamp", "1731705121"),
            ("svix-signature", "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0="),
        ],
        body: r#"{"event_type":"ping","data":{"success":true}}"#,
    },
    Vector {
        row: "square",
        page: "https://github.com/square/square-nodejs-sdk",
        secret: "asdf1234",
        time: 0,
        headers: &[("x-square-hmacsha256-signature", "2kRE5qRU2tR+tBGlDwMEw2avJ7QM4ikPYD/PJ3bd9Og=")],
        body: r#"{"hello":"world"}"#,
    },
    Vector {
        row: "line",
        page: "https://github.com/line/line-bot-sdk-nodejs/blob/master/test/validate-signature.spec.ts",
        secret: "test_secret",
        time: 0,
        headers: &[("x-line-signature", "t7Hn4ZDHqs6e+wdvI5TyQIvzie0DmMUmuXEBqyyE/tM=")],
        body: r#"{"hello":"world"}"#,
    },
    Vector {
        row: "notion",
        page: "https://developers.notion.com/reference/webhooks",
        secret: "secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl",
        time: 0,
        headers: &[("x-notion-signature", "sha256=461e8cbcba8a75c3edd866f0e71280f5a85cbf21eff040ebd10fe266df38a735")],
        body: r#"{"verification_token":"secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl"}"#,
    },
    Vector {
        row: "paddle",
        page: "https://github.com/PaddleHQ/paddle-go-sdk/blob/main/example_webhook_verifier_test.go",
        secret: "pdl_ntfset_01hsdn8d43dt7mezr1ef2jtbaw_hKkRiCGyyRhbFwIUuqiTBgI7gnWoV0Gr",
        time: 1_710_929_255,
        headers: &[(
            "paddle-signature",
            "ts=1710929255;h1=6c05ef8fa83c44d751be6d259ec955ce5638e2c54095bf128e408e2fce1589c8",
        )],
        body: r#"{"data":{"id":"pri_01hsdn96k2hxjzsq5yerecdj9j","name":null,"status":"active","quantity":{"maximum":999999,"minimum":1},"tax_mode":"account_setting","product_id":"pro_01hsdn8qp7yydry3x1yeg6a9rv","unit_price":{"amount":"1000","currency_code":"USD"},"custom_data":null,"description":"testing","import_meta":null,"trial_period":null,"billing_cycle":{"interval":"month","frequency":1},"unit_price_overrides":[]},"event_id":"evt_01hsdn97563968dy0szkmgjwh3","event_type":"price.created","occurred_at":"2024-03-20T10:07:35.590857Z","notification_id":"ntf_01hsdn977e920kbgzt6r6c9rqc"}"#,
    },
    Vector {
        row: "box",
        page: "https://github.com/box/box-java-sdk/blob/main/doc/webhooks.md",
        secret: "SamplePrimaryKey",
        time: 1_577_862_000,
        headers: &[
            ("box-delivery-timestamp", "2020-01-01T00:00:00-07:00"),
            ("box-signature-primary", "6TfeAW3A1PASkgboxxA5yqHNKOwFyMWuEXny/FPD5hI="),
            ("box-signature-secondary", "v+1CD1Jdo3muIcbpv5lxxgPglOqMfsNHPV899xWYydo="),
        ],
        body: BOX,
    },
    Vector {
        row: "box",
        page: "https://github.com/box/box-java-sdk/blob/main/doc/webhooks.md",
        secret: "SampleSecondaryKey",
        time: 1_577_862_000,
        headers: &[
            ("box-delivery-timestamp", "2020-01-01T00:00:00-07:00"),
            ("box-signature-secondary", "v+1CD1Jdo3muIcbpv5lxxgPglOqMfsNHPV899xWYydo="),
        ],
        body: BOX,
    },
    Vector {
        row: "sanity",
        page: "https://github.com/sanity-io/webhook-toolkit/blob/main/test/signature.test.ts",
        secret: "test",
        time: 1_633_519_811,
        headers: &[("sanity-webhook-signature", "t=1633519811129,v1=tLa470fx7qkLLEcMOcEUFuBbRSkGujyskxrNXcoh0N0")],
        body: r#"{"_id":"resume"}"#,
    },
    Vector {
        row: "sanity",
        page: "https://github.com/sanity-io/webhook-toolkit/blob/main/test/signature.test.ts",
        secret: "try-me",
        time: 1_633_518_820,
        headers: &[("sanity-webhook-signature", "t=1633518820676,v1=e7C9h2sfbFfc4V7TEz7PSOp4IoNzl0UdVsBV-1wgdeA")],
        body: r#"{"title":"GROQ-Hooks are neat"}"#,
    },
    Vector {
        row: "mux",
        page: "https://github.com/muxinc/mux-node-sdk",
        secret: "SuperSecret123",
        time: 1_565_125_718,
        headers: &[(
            "mux-signature",
            "t=1565125718,v1=854ece4c22acef7c66b57d4e504153bc512595e8e9c772ece2a68150548c19a7",
        )],
        body: r#"{"test":"body"}"#,
    },
    Vector {
        row: "revolut",
        page: "https://developer.revolut.com/docs/guides/manage-accounts/webhooks/verify-the-payload-signature",
        secret: "wsk_r59a4HfWVAKycbCaNO1RvgCJec02gRd8",
        time: 1_683_650_202,
        headers: &[
            ("revolut-request-timestamp", "1683650202360"),
            ("revolut-signature", "v1=bca326fb378d0da7f7c490ad584a8106bab9723d8d9cdd0d50b4c5b3be3837c0"),
        ],
        body: r#"{"data":{"id":"645a7696-22f3-aa47-9c74-cbae0449cc46","new_state":"completed","old_state":"pending","request_id":"app_charges-9f5d5eb3-1e06-46c5-b1c0-3914763e0bcb"},"event":"TransactionStateChanged","timestamp":"2023-05-09T16:36:38.028960Z"}"#,
    },
    Vector {
        row: "gocardless",
        page: "https://github.com/gocardless/gocardless-pro-python",
        secret: "ED7D658C-D8EB-4941-948B-3973214F2D49",
        time: 0,
        headers: &[("webhook-signature", "2693754819d3e32d7e8fcb13c729631f316c6de8dc1cf634d6527f1c07276e7e")],
        body: r#"{"events":[{"id":"EV00BD05S5VM2T","created_at":"2018-07-05T09:13:51.404Z","resource_type":"subscriptions","action":"created","links":{"subscription":"SB0003JJQ2MR06"},"details":{"origin":"api","cause":"subscription_created","description":"Subscription created via the API."},"metadata":{}},{"id":"EV00BD05TB8K63","created_at":"2018-07-05T09:13:56.893Z","resource_type":"mandates","action":"created","links":{"mandate":"MD000AMA19XGEC"},"details":{"origin":"api","cause":"mandate_created","description":"Mandate created via the API."},"metadata":{}}]}"#,
    },
    Vector {
        row: "sinch",
        page: "https://developers.sinch.com/docs/conversation/callbacks/",
        secret: "foo_secret1234",
        time: 1_634_579_353,
        headers: &[
            ("x-sinch-webhook-signature", "6bpJoRmFoXVjfJIVglMoJzYXxnoxRujzR4k2GOXewOE="),
            ("x-sinch-webhook-signature-nonce", "01FJA8B4A7BM43YGWSG9GBV067"),
            ("x-sinch-webhook-signature-timestamp", "1634579353"),
        ],
        body: r#"{"app_id":"","accepted_time":"2021-10-18T17:49:13.813615Z","project_id":"e2df3a34-a71b-4448-9db5-a8d2baad28e4","contact_create_notification":{"contact":{"id":"01FJA8B466Y0R2GNXD78MD9SM1","channel_identities":[{"channel":"SMS","identity":"48123456789","app_id":""}],"display_name":"New Test Contact","email":"new.contact@email.com","external_id":"","metadata":"","language":"EN_US"}},"message_metadata":""}"#,
    },
];

fn verdict(vector: &Vector, secret: &str, url: &str, body: &[u8]) -> bool {
    let scheme = named(vector.row).unwrap();
    let mut headers = HeaderMap::new();
    for (name, value) in vector.headers {
        headers.insert(*name, value.parse().unwrap());
    }
    let wants_url = scheme.settings.iter().any(|setting| setting.key == "url");
    let values = wants_url.then(|| ("url".to_owned(), url.into())).into_iter().collect();
    let settings = Settings::new([("secret".to_owned(), vec![Secret::new(secret)])].into(), values);
    let verifier = Verifier::new(scheme, settings).unwrap();
    let (shown, now) = (Presented::of(&headers, body), Timestamp(vector.time * 1_000));
    verifier.verify(&shown, &Fetched::default(), now) == Ok(Proof::Signed)
}

#[test]
fn what_providers_publish_is_taken() {
    let url = "https://example.com/webhook";
    for vector in VECTORS {
        let (row, page, body) = (vector.row, vector.page, vector.body.as_bytes());
        assert!(verdict(vector, vector.secret, url, body), "{row}, {page}");
        assert!(!verdict(vector, "whsec_AAECAwQFBgcICQoLDA0ODw", url, body), "{row}: another secret");
        assert!(!verdict(vector, vector.secret, url, &body[1..]), "{row}: another body");
    }
    let square = VECTORS.iter().find(|vector| vector.row == "square").unwrap();
    assert!(!verdict(square, square.secret, URL, square.body.as_bytes()), "square: another address");
}
