"""A receiver of webhooks that believes what the official Python libraries believe.

    DIR/venv/bin/python receiver.py [--secret whsec_…]… [--public whpk_…]… [--status N]

Listens on 127.0.0.1, prints `listening PORT`, then a line of JSON for each request: which libraries
were asked (`library`), whether all of them found it genuine (`ok`), what they said otherwise (`error`),
and the request. Answers 204 if it is genuine and 401 if not, or always N. Ends when its standard input ends.

With --secret, the libraries of Standard Webhooks and of Svix must each find a signature `v1`; with
--public, `cryptography` must find a signature `v1a`. Any one key of a kind will do.
A GET has no body: its query, as it came, is what was signed.
"""

import argparse
import base64
import hashlib
import hmac
import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import standardwebhooks
import svix.webhooks
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FIVE_MINUTES = 300


class Refused(Exception):
    pass


def by_standardwebhooks(secret, content, headers):
    standardwebhooks.Webhook(secret).verify(content, headers, json_parse=False)


def by_svix(secret, content, headers):
    svix.webhooks.Webhook(secret).verify(content, headers)


def signed(content, headers):
    """The bytes that the specification signs, for what the libraries cannot check."""
    try:
        webhook_id, timestamp = headers["webhook-id"], headers["webhook-timestamp"]
        if abs(time.time() - int(timestamp)) > FIVE_MINUTES:
            raise Refused("too old or too new")
    except (KeyError, ValueError) as error:
        raise Refused(f"missing or malformed: {error}") from None
    return f"{webhook_id}.{timestamp}.".encode() + content


def signatures(version, headers):
    for signature in headers.get("webhook-signature", "").split(" "):
        if signature.startswith(version + ","):
            yield base64.b64decode(signature[len(version) + 1 :])


def by_stdlib(secret, content, headers):
    """The libraries read the body as UTF-8. This is for the bodies that are not."""
    key = base64.b64decode(secret.removeprefix("whsec_") + "==")
    mac = hmac.new(key, signed(content, headers), hashlib.sha256).digest()
    if not any(hmac.compare_digest(mac, signature) for signature in signatures("v1", headers)):
        raise Refused("no matching signature")


def by_cryptography(public, content, headers):
    """The libraries know no `v1a`."""
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public.removeprefix("whpk_")))
    message = signed(content, headers)
    for signature in signatures("v1a", headers):
        try:
            return key.verify(signature, message)
        except InvalidSignature:
            pass
    raise Refused("no matching signature")


def is_utf8(content):
    try:
        content.decode()
        return True
    except UnicodeDecodeError:
        return False


def verdicts(args, content, headers):
    """What each library says: nothing if it found the request genuine."""
    asked = []
    if args.secret and is_utf8(content):
        asked += [("standardwebhooks", by_standardwebhooks, args.secret), ("svix", by_svix, args.secret)]
    elif args.secret:
        asked += [("stdlib", by_stdlib, args.secret)]
    if args.public:
        asked += [("cryptography", by_cryptography, args.public)]
    return {library: said(verify, keys, content, headers) for library, verify, keys in asked}


def said(verify, keys, content, headers):
    for key in keys:
        try:
            verify(key, content, headers)
            return None
        except Exception as error:  # Whatever a library raises, it did not find the request genuine.
            words = f"{type(error).__name__}: {error}"
    return words


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def take(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        path, _, query = self.path.partition("?")
        content = query.encode("latin-1") if self.command == "GET" else body
        found = verdicts(self.server.args, content, headers)
        ok = not any(found.values())
        line = {
            "library": list(found),
            "method": self.command,
            "path": path,
            "query": query,
            "id": headers.get("webhook-id"),
            "ok": ok,
            "error": "; ".join(f"{library}: {words}" for library, words in found.items() if words) or None,
            "headers": headers,
            "body": body.decode() if is_utf8(body) else None,
            "body_base64": base64.b64encode(body).decode(),
        }
        with self.server.lock:
            print(json.dumps(line), flush=True)
        self.send_response(self.server.args.status or (204 if ok else 401))
        self.send_header("content-length", "0")
        self.end_headers()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = take

    def log_message(self, *_):
        pass


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--secret", action="append", default=[], help="whsec_…; may be given again")
    parser.add_argument("--public", action="append", default=[], help="whpk_…; may be given again")
    parser.add_argument("--status", type=int, help="the answer to every request")
    args = parser.parse_args()
    if not args.secret and not args.public:
        parser.error("give --secret or --public")
    return args


def end_with_standard_input():
    sys.stdin.buffer.read()
    os._exit(0)


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.args = arguments()
server.lock = threading.Lock()
threading.Thread(target=end_with_standard_input, daemon=True).start()
print("listening", server.server_port, flush=True)
server.serve_forever()
