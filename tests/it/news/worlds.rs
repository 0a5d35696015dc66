//! The same in both worlds: an endpoint that is gone is mailed about, and told to a program.

use std::time::Duration;

use serde_json::json;

use crate::harness::{Receiver, Reply, World, event, stories, within};

stories![whoever_is_to_know_of_an_endpoint_that_is_gone_is_told];

fn whoever_is_to_know_of_an_endpoint_that_is_gone_is_told(world: World) {
    let (gone, watch) = (Receiver::answering(Vec::new(), Reply::status(410)), Receiver::start());
    let config = format!(
        "endpoints:\n  shop: {{ url: \"{}\", contact: dev@shop.example }}\n  watch: {{ url: \"{}\", operational: \"endpoint.*\" }}\n",
        gone.url("/"),
        watch.url("/")
    );
    let office = world.open(&config);
    office.emit(&event("order.created", json!({ "n": 1 }))).accepted();
    let mails = within(Duration::from_secs(60), "two mails", || Some(office.mails()).filter(|mails| mails.len() >= 2));
    office.settle();
    let mut told: Vec<_> = mails.iter().map(|mail| (mail.to(), mail.subject())).collect();
    told.sort();
    let host = gone.url("/").split('/').nth(2).unwrap().to_owned();
    let stopped = format!("Webhooks to {host} are stopped: the endpoint is gone (status 410)");
    let expected =
        [("dev@shop.example", &*stopped), ("ops@example.com", "shop is disabled: the endpoint is gone (status 410)")];
    assert_eq!(told, expected);
    let to_owner = office.mail(mails.iter().find(|mail| mail.to() == "ops@example.com").unwrap().id());
    let text = to_owner.text();
    assert!(text.contains("hookpost endpoints enable shop") && text.contains("status 410"), "{text}");
    let request = &watch.wait_for(1)[0];
    let told: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!((&told["type"], &told["data"]["endpoint"]), (&json!("endpoint.disabled"), &json!("shop")));
    assert_eq!(told["data"]["held"], 1);
    assert_eq!((office.mails().len(), watch.count(), gone.count()), (2, 1, 1));
}
