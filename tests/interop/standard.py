"""Posts webhooks signed by the official Python library of Standard Webhooks, good ones and bad ones.

    DIR/venv/bin/python standard.py URL SECRET

Prints a line of JSON for each, with the status that the specification calls for.
"""

import json
import secrets
import sys
import urllib.error
import urllib.request
from datetime import datetime, timedelta, timezone

from standardwebhooks import Webhook

url, secret = sys.argv[1:]
right = Webhook(secret)
wrong = Webhook(secrets.token_bytes(32))
SIX_MINUTES = timedelta(minutes=6)


def to_json(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


shell = to_json({"type": "report.ready", "data": ""})
CASES = {
    "plain": to_json(
        {"type": "invoice.paid", "timestamp": "2024-05-06T07:08:09Z", "data": {"id": "in_1", "total": 1250}}
    ),
    "unicode": to_json(
        {"type": "user.created", "data": {"name": "Zoë Ωmega 日本語 שלום 👩‍🚀", "note": "e\u0301 \u2028"}}
    ),
    "empty_object": "{}",
    "large": to_json({"type": "report.ready", "data": "x" * (100 * 1024 - len(shell))}),
}

# The server is on this machine: a proxy from the environment must not come between.
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def altered(body):
    """Changes a letter of the first key; in `{}` there is only the brace to change."""
    copy = bytearray(body)
    copy[min(2, len(copy) - 1)] ^= 1
    return bytes(copy)


def post(name, webhook_id, time, signature, body, expected):
    headers = {
        "Content-Type": "application/json",
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(time.timestamp())),
        "webhook-signature": signature,
    }
    try:
        answer = opener.open(urllib.request.Request(url, body, headers))
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        try:
            answer_id = json.load(answer).get("id")
        except ValueError:  # An answer that is not JSON has no id.
            answer_id = None
    line = {"case": name, "webhook_id": webhook_id, "status": answer.status, "id": answer_id, "expected": expected}
    print(json.dumps(line), flush=True)


def new_id():
    return "msg_" + secrets.token_hex(12)


def now():
    return datetime.now(timezone.utc)  # The library takes any datetime for UTC.


for name, text in CASES.items():
    body = text.encode()

    webhook_id, time = new_id(), now()
    signature = right.sign(webhook_id, time, text)
    post(name, webhook_id, time, signature, body, 202)
    post(f"{name}/altered", webhook_id, time, signature, altered(body), 401)

    for variant, shift in [("old", -SIX_MINUTES), ("ahead", SIX_MINUTES)]:
        webhook_id, time = new_id(), now() + shift
        post(f"{name}/{variant}", webhook_id, time, right.sign(webhook_id, time, text), body, 401)

    webhook_id, time = new_id(), now()
    both = f"{wrong.sign(webhook_id, time, text)} {right.sign(webhook_id, time, text)}"
    post(f"{name}/second_signature", webhook_id, time, both, body, 202)
