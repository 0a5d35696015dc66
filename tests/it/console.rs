//! `/mail` and `/`: for this machine's owner, and for nobody who comes by a tunnel.

use crate::harness::{ADMIN, Setup};

#[test]
fn mail_is_shown_as_page_list_and_raw() {
    let hookpost = Setup::default().start();
    let id = hookpost.post_default(br#"{"html": "<script>alert(1)</script>"}"#).accepted();
    hookpost.mail(&id);
    let page = hookpost.send("GET", "/mail", &[("accept", "text/html")], b"");
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(page.text().contains(&format!("/mail/{id}")), "{}", page.text());
    let one = hookpost.send("GET", &format!("/mail/{id}"), &[("accept", "text/html")], b"");
    assert!(one.text().contains("<iframe sandbox") && !one.text().contains("<script"), "{}", one.text());
    assert!(one.header("content-security-policy").is_some_and(|policy| policy.starts_with("default-src 'none'")));
    let eml = hookpost.get(&format!("/mail/{id}.eml"));
    assert_eq!(eml.header("content-type"), Some("message/rfc822"));
    assert!(eml.text().starts_with("Message-ID:"), "{}", eml.text());
    assert_eq!(hookpost.get("/mail/wh_0").status, 404);
    assert_eq!(hookpost.get("/").status, 200);
}

#[test]
fn a_tunnel_publishes_nobodys_mail() {
    let hookpost = Setup::default().start();
    let id = hookpost.post_default(b"{}").accepted();
    hookpost.mail(&id);
    let paths = ["/".to_owned(), "/mail".to_owned(), format!("/mail/{id}"), format!("/mail/{id}.eml")];
    let tunnels = [
        ("x-forwarded-for", "192.0.2.1"),
        ("forwarded", "for=192.0.2.1"),
        ("x-real-ip", "192.0.2.1"),
        ("cf-connecting-ip", "192.0.2.1"),
        ("host", "hooks.example.com"),
        ("host", "localhost.example.com"),
    ];
    for path in &paths {
        for tunnel in tunnels {
            assert_eq!(hookpost.send("GET", path, &[tunnel], b"").status, 401, "{path} {tunnel:?}");
            let with_token = [tunnel, ("authorization", &*format!("Bearer {ADMIN}"))];
            assert_eq!(hookpost.send("GET", path, &with_token, b"").status, 200, "{path} {tunnel:?}");
        }
        assert_eq!(hookpost.send("GET", path, &[], b"").status, 200, "{path}");
    }
    assert_eq!(hookpost.send("GET", "/health", &[tunnels[0]], b"").status, 200, "health is for everybody");
}
