"""Prints events as the official Python SDK of CloudEvents puts them into HTTP requests.

    DIR/venv/bin/python cloud_events.py

A line of JSON for each: the case and the mode (`binary` or `structured`), the request (`headers`,
`body_base64`), and what went in: `attributes`, and `data` or, where it is bytes, `data_base64`.
"""

import base64
import json
from datetime import datetime, timedelta, timezone

from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent

INDIA = timezone(timedelta(hours=5, minutes=30))
UTC_TIME = datetime(2024, 5, 6, 7, 8, 9, tzinfo=timezone.utc)

CASES = {
    "json": ({}, {"id": "in_1", "total": 19.99, "name": "Zoë 日本語 👩‍🚀", "nested": {"list": [1, None, True]}}),
    "text": ({"datacontenttype": "text/plain; charset=utf-8"}, 'Grüße, "quoted"\nand a second line'),
    "binary": ({"datacontenttype": "application/octet-stream"}, bytes([0, 255, 254, 128, 10, 0])),
    "extensions": (
        {
            "partitionkey": "customer 7",
            "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "comment": 'Zoë, 100 % "sure"',
            "sequence": 42,
        },
        {},
    ),
    "stops": ({"id": "order.1700000000.retry"}, {"stops": True}),
    "offset": ({"time": datetime(2024, 5, 6, 7, 8, 9, 123000, tzinfo=INDIA)}, {}),
    "described": ({"subject": "orders/1?x=y", "dataschema": "https://example.com/order.json"}, {"order": 1}),
    "without_data": ({"datacontenttype": None}, None),
}

for name, (given, data) in CASES.items():
    for mode, write in [("binary", to_binary_event), ("structured", to_structured_event)]:
        attributes = {
            "source": "/interop/python",
            "type": "com.example.order.created",
            "datacontenttype": "application/json",
            "time": UTC_TIME,
            **given,
            # Its own in either mode: source and id together name an event.
            "id": f"{given.get('id', name)}-{mode}",
        }
        attributes = {attribute: value for attribute, value in attributes.items() if value is not None}
        message = write(CloudEvent(dict(attributes), data))
        line = {
            "case": name,
            "mode": mode,
            "headers": message.headers,
            "body_base64": base64.b64encode(message.body).decode(),
            "attributes": attributes | {"time": attributes["time"].isoformat()},
        }
        if isinstance(data, bytes):
            line["data_base64"] = base64.b64encode(data).decode()
        elif data is not None:
            line["data"] = data
        print(json.dumps(line))
