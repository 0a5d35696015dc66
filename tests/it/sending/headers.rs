//! Headers that are made of the event, each as its endpoint's owner wrote it.

use serde_json::json;

use super::endpoints;
use crate::harness::{Receiver, World, stories};

stories![headers_are_filled_in_and_none_breaks_out];

fn headers_are_filled_in_and_none_breaks_out(world: World) {
    let receiver = Receiver::start();
    let templates = "headers: { X-Static: nightly, X-Order: { template: 'order {{ data.order.id }}' }, \
        X-Total: { template: '{{ data.total }}' }, X-Gone: { template: '{{ data.gone }}' }, \
        X-All: { template: '{{ id }} {{ type }} {{ timestamp }} {{ tenant }} {{ endpoint }} {{ attempt }} {{ channels|join(\",\") }}' } }";
    let office = world.open(&endpoints(&receiver, &[("a", templates)]));
    let emit = |json: &str| {
        let bearer = format!("Bearer {}", office.events_token());
        office.ask_sender("POST", "", &[("authorization", &bearer)], json.as_bytes()).accepted()
    };
    emit(
        r#"{"id": "e-1", "type": "order.created", "timestamp": "2026-11-22T10:00:00Z", "channels": ["eu", "b2b"],
            "data": {"order": {"id": 12345678901234567890123}, "total": 19.90}}"#,
    );
    let request = receiver.wait_for(1).remove(0);
    let header = |name: &str| request.header(name);
    assert_eq!((header("x-static"), header("x-order")), (Some("nightly"), Some("order 12345678901234567890123")));
    assert_eq!((header("x-total"), header("x-gone")), (Some("19.90"), None));
    let all = "e-1 order.created 2026-11-22T10:00:00.000Z default a 1 b2b,eu";
    assert_eq!(header("x-all"), Some(all));
    let shown = office.show("/api/v1/config")["endpoints"]["a"]["headers"].clone();
    if shown.is_object() {
        assert_eq!(shown["X-Static"], "[sealed]");
        assert_eq!(shown["X-Gone"], json!({ "template": "{{ data.gone }}" }));
    }
    for (id, value, why) in [
        ("crlf", r#""a\r\nX-Evil: 1""#.to_owned(), "its value holds characters that a header cannot carry"),
        ("long", format!("\"{}\"", "x".repeat(5_000)), "its value is longer than 4096 bytes"),
        ("longer", format!("\"{}\"", "x".repeat(70_000)), "its template does not fit the event (invalid operation)"),
    ] {
        emit(&format!(r#"{{"id": "{id}", "type": "a", "data": {{"order": {{"id": {value}}}}}}}"#));
        let given_up = super::delivery(&*office, id, "a", "given_up");
        assert_eq!(given_up["attempts"][0]["error"], format!("the header x-order: {why}"), "{id}");
    }
    assert_eq!(receiver.requests().len(), 1);
}
