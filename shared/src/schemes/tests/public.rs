//! Signatures by public keys: what providers publish, and everything that is not it.

use std::time::Duration;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use serde_json::json;

use crate::schemes::{Fetched, Presented, Proof, Settings, Verifier, Wrong, named};
use crate::secret::Secret;
use crate::signature::Fault;
use crate::timestamp::Timestamp;

fn verifier(scheme: &str, key: &str) -> Result<Verifier, Wrong> {
    let values = [("public_key".to_owned(), json!(key))].into();
    Verifier::new(named(scheme).unwrap(), Settings::new([].into(), values))
}

fn verdict(verifier: &Verifier, headers: &[(&'static str, &str)], body: &[u8], now: Timestamp) -> Result<Proof, Fault> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(*name, value.parse().unwrap());
    }
    verifier.verify(&Presented::of(&map, body), &Fetched::default(), now)
}

/// <https://github.com/sendgrid/sendgrid-python/blob/main/test/unit/test_eventwebhook.py>
#[test]
fn sendgrids_own_vector_is_signed() {
    const KEY: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g==";
    const OTHER: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqTxd43gyp8IOEto2LdIfjRQrIbsd4SXZkLW6jDutdhXSJCWHw8REntlo7aNDthvj+y7GjUuFDb/R1NGe1OPzpA==";
    const SIGNATURE: &str =
        "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM=";
    const BODY: &str = concat!(
        r#"[{"email":"hello@world.com","event":"dropped","reason":"Bounced Address","#,
        r#""sg_event_id":"ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA","#,
        r#""sg_message_id":"LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0","#,
        r#""smtp-id":"<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>","timestamp":1600112492}]"#,
        "\r\n"
    );
    let then = Timestamp(1_600_112_502_000);
    let judge = |key, time, body: &str, now| {
        let headers =
            [("x-twilio-email-event-webhook-signature", SIGNATURE), ("x-twilio-email-event-webhook-timestamp", time)];
        verdict(&verifier("sendgrid", key).unwrap(), &headers, body.as_bytes(), now)
    };
    assert_eq!(judge(KEY, "1600112502", BODY, then), Ok(Proof::Signed));
    assert_eq!(judge(OTHER, "1600112502", BODY, then), Err(Fault::Mismatch));
    assert_eq!(judge(KEY, "1600112503", BODY, then), Err(Fault::Mismatch));
    assert_eq!(judge(KEY, "1600112502", BODY.trim_end(), then), Err(Fault::Mismatch));
    assert_eq!(judge(KEY, "1600112502", BODY, then.after(Duration::from_secs(86_400))), Ok(Proof::Signed));
    let late = then.after(Duration::from_secs(86_401));
    assert_eq!(judge(KEY, "1600112502", BODY, late), Err(Fault::TooOld(86_401)));
}

/// <https://github.com/transferwise/digital-signatures-examples/blob/main/verify-webhook-signature/verify-signature.js>
#[test]
fn wises_own_vector_is_signed() {
    const KEY: &str = "
        MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAwpb91cEYuyJNQepZAVfP
        ZIlPZfNUefH+n6w9SW3fykqKu938cR7WadQv87oF2VuT+fDt7kqeRziTmPSUhqPU
        ys/V2Q1rlfJuXbE+Gga37t7zwd0egQ+KyOEHQOpcTwKmtZ81ieGHynAQzsn1We3j
        wt760MsCPJ7GMT141ByQM+yW1Bx+4SG3IGjXWyqOWrcXsxAvIXkpUD/jK/L958Cg
        nZEgz0BSEh0QxYLITnW1lLokSx/dTianWPFEhMC9BgijempgNXHNfcVirg1lPSyg
        z7KqoKUN0oHqWLr2U1A+7kqrl6O2nx3CKs1bj1hToT1+p4kcMoHXA7kA+VBLUpEs
        VwIDAQAB";
    const BODY: &str = concat!(
        r#"{"data":{"resource":{"id":49983981,"profile_id":16055450,"account_id":14124090,"type":"transfer"},"#,
        r#""current_state":"incoming_payment_waiting","previous_state":null,"occurred_at":"2021-08-23T10:12:50Z"},"#,
        r#""subscription_id":"90aa8e14-4ef1-4a56-861c-f3c9cde097ea","event_type":"transfers#state-change","#,
        r#""schema_version":"2.0.0","sent_at":"2021-08-23T10:12:50Z"}"#
    );
    const SIGNATURE: &str = "wKcKCYXAzxNgiu7xmoDm943NUni7Rz33QN8JkEA9dWSGebgndonabgSj18Y4C08OrwVmueGsED2s00M7DtJVcYKOS1i3G4TMVx+mgM3aL9djMBkQtiYNBFUd6wrPI7ZUNHv/TrlKSjTMc+6JFvUvJ7owY3z85e3I4jLRLJowMFvO8kvCJ60+1pY9wDwZvtZ//WS93LrwGjk9Dvwzpmu0w+P4J75tETT5qC3Uv0y5G2yO8SEoO3yNP/tg/BOli02niHb53vEOUWUb9bly6thnfMoXoiV/osoGxgF20R58RlvkAmezyyl1Sv542TfS2DpiwVnmjjjkCyXeSUcKookYLQ==";
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{KEY}\n-----END PUBLIC KEY-----\n");
    for key in [KEY, &pem, &pem.replace('\n', "\\n")] {
        let verifier = verifier("wise", key).unwrap();
        let judge =
            |body: &str| verdict(&verifier, &[("x-signature-sha256", SIGNATURE)], body.as_bytes(), Timestamp(0));
        assert_eq!(judge(BODY), Ok(Proof::Signed));
        assert_eq!(judge(&BODY.replace("null", "nulL")), Err(Fault::Mismatch));
    }
}

#[test]
fn discord_and_telnyx_sign_the_time_and_the_body() {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    let public = hex::encode(pair.public_key());
    let now = Timestamp(1_800_000_000_000);
    let discord = hex::encode(pair.sign(b"1800000000{\"type\":0}"));
    let telnyx = STANDARD.encode(pair.sign(b"1800000000|{\"type\":0}"));
    for (scheme, header, time, signature) in [
        ("discord", "x-signature-ed25519", "x-signature-timestamp", &discord),
        ("telnyx", "telnyx-signature-ed25519", "telnyx-timestamp", &telnyx),
    ] {
        let verifier = verifier(scheme, &public).unwrap();
        let judge = |at, body| verdict(&verifier, &[(header, signature.as_str()), (time, at)], body, now);
        assert_eq!(judge("1800000000", b"{\"type\":0}"), Ok(Proof::Signed), "{scheme}");
        assert_eq!(judge("1800000000", b"{\"type\":1}"), Err(Fault::Mismatch), "{scheme}");
        assert_eq!(judge("1800000001", b"{\"type\":0}"), Err(Fault::Mismatch), "{scheme}");
        assert!(matches!(judge("1799990000", b"{\"type\":0}"), Err(Fault::TooOld(_))), "{scheme}");
    }
}

/// The third vector of Svix's server.
#[test]
fn standard_takes_the_public_key_too() {
    const KEY: &str = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";
    const SIGNATURE: &str =
        "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==";
    let then = Timestamp(1_614_265_330_000);
    let judge = |secrets: &[&str], signature: &str| {
        let settings = Settings::with_secrets(secrets.iter().map(|secret| Secret::new(*secret)).collect());
        let verifier = Verifier::new(named("standard").unwrap(), settings).unwrap();
        let headers = [
            ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
            ("webhook-timestamp", "1614265330"),
            ("webhook-signature", signature),
        ];
        verdict(&verifier, &headers, br#"{"test": 2432232314}"#, then)
    };
    let shared = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSx";
    assert_eq!(judge(&[KEY], SIGNATURE), Ok(Proof::Signed));
    assert_eq!(judge(&[shared, KEY], &format!("v1,AAAA {SIGNATURE}")), Ok(Proof::Signed));
    assert_eq!(
        judge(&[KEY], &SIGNATURE.replace("v1a", "v1")),
        Err(Fault::Malformed("header webhook-signature".into()))
    );
    assert_eq!(judge(&[shared], SIGNATURE), Err(Fault::Malformed("header webhook-signature".into())));
    assert_eq!(judge(&[shared, KEY], &SIGNATURE.replace("v1a", "v1")), Err(Fault::Mismatch));
    let private = Settings::with_secrets(vec![Secret::new(
        "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==",
    )]);
    let refused = Verifier::new(named("standard").unwrap(), private).err().unwrap();
    assert!(refused.problem.contains("private"), "{refused:?}");
}
