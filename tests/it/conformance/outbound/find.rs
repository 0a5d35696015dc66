//! Endpoints found: by tenant and name, whatever became of them.

use serde_json::json;
use shared::config::Spec;
use shared::seam::FindEndpoints;

use super::super::suite;
use super::worlds;

pub fn configured() -> Spec {
    let url = "https://example.com/hook";
    let endpoints = json!({
        "off": { "url": url, "enabled": false },
        "a-2": { "url": url, "events": ["order.*"], "rate": "2/s", "max_concurrent": 3 },
        "of-acme": { "url": url, "tenant": "acme" },
        "a-1": { "url": "https://example.com/other?x=1", "channels": ["one"], "schedule": [0, "1h"] },
    });
    serde_json::from_value(json!({ "endpoints": endpoints })).unwrap()
}

async fn the_endpoints_of_a_tenant_are_listed_by_name(endpoints: &impl FindEndpoints, _: &Spec) {
    let names = async |tenant: &str| {
        let found = endpoints.endpoints(tenant).await.unwrap();
        found.iter().map(|endpoint| endpoint.name.clone()).collect::<Vec<_>>()
    };
    for _ in 0..2 {
        assert_eq!(names("default").await, ["a-1", "a-2", "off"]);
        assert_eq!(names("acme").await, ["of-acme"]);
        assert!(names("nobody").await.is_empty());
    }
}

async fn an_endpoint_is_found_by_its_tenant_and_name(endpoints: &impl FindEndpoints, _: &Spec) {
    let find = async |tenant: &str, name: &str| endpoints.endpoint(tenant, name).await.unwrap();
    let one = find("default", "a-1").await.expect("an endpoint");
    assert_eq!(one.url.url().as_str(), "https://example.com/other?x=1");
    assert_eq!((one.schedule.attempts(), &*one.channels, one.enabled), (2, &["one".to_owned()][..], true));
    let two = find("default", "a-2").await.expect("an endpoint");
    assert_eq!((two.rate.map(|rate| rate.per_second), two.max_concurrent), (Some(2.0), Some(3)));
    assert!(two.wants(&"order.created".parse().unwrap(), &[]) && !two.wants(&"post.created".parse().unwrap(), &[]));
    assert!(!find("default", "off").await.expect("an endpoint").enabled);
    for (tenant, name) in [("default", "of-acme"), ("acme", "a-1"), ("default", "nobody")] {
        assert!(find(tenant, name).await.is_none(), "{tenant} {name}");
    }
    assert_eq!(find("acme", "of-acme").await.expect("an endpoint").tenant, "acme");
}

suite![
    found_on_one_machine, found_on_aws:
    the_endpoints_of_a_tenant_are_listed_by_name,
    an_endpoint_is_found_by_its_tenant_and_name,
];
