"""Signs and judges webhooks with the Python libraries that providers publish.

    DIR/vendors/bin/python vendors.py

Reads lines of JSON and answers each with one, until its standard input ends. A line names a `library`, a `secret` and
an `action`: `sign` (answers the headers to add, or the body), `verify` (answers `accepted`, and `why` not), or `keys`
(answers a `private` and a `public` key). `request` is its `method`, `url`, `headers` and `body_base64`; `at` is the
time to sign with, in seconds.
"""

import base64
import json
import sys
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

# Some libraries print what went wrong: that is no answer.
answers, sys.stdout = sys.stdout, sys.stderr


@dataclass
class Request:
    method: str
    url: str
    headers: dict
    body: bytes
    at: int

    @property
    def text(self):
        return self.body.decode()


class Stripe:
    def sign(self, request, secret):
        from stripe import WebhookSignature

        return {"Stripe-Signature": WebhookSignature.generate_signature_header(request.text, secret, request.at)}

    def verify(self, request, secret):
        from stripe import WebhookSignature

        return WebhookSignature.verify_header(request.body, request.headers.get("stripe-signature"), secret, 300)


class Slack:
    def sign(self, request, secret):
        from slack_sdk.signature import SignatureVerifier

        time = str(request.at)
        signature = SignatureVerifier(secret).generate_signature(timestamp=time, body=request.body)
        return {"X-Slack-Request-Timestamp": time, "X-Slack-Signature": signature}

    def verify(self, request, secret):
        from slack_sdk.signature import SignatureVerifier

        return SignatureVerifier(secret).is_valid_request(request.body, request.headers)


class Twilio:
    """By the parameters of a form, by the digest in the address of any other body, or with a shared key."""

    def __init__(self, algorithm=None):
        self.algorithm = algorithm

    def sent(self, request):
        form = request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
        return Fields(parse_qs(request.text, keep_blank_values=True)) if form else request.text

    def sign(self, request, secret):
        from twilio.request_validator import RequestValidator

        sent = self.sent(request)
        params = sent if isinstance(sent, Fields) else {}
        signature = RequestValidator(secret).compute_signature(request.url, params, self.algorithm)
        headers = {"X-Twilio-Signature": signature}
        if self.algorithm:
            headers["X-Twilio-Webhooks-Signature-Settings"] = f"key=shared_1,algorithm={self.algorithm}"
        return headers

    def verify(self, request, secret):
        from twilio.request_validator import RequestValidator, get_signature_algorithm

        algorithm = get_signature_algorithm(request.headers.get("x-twilio-webhooks-signature-settings"))
        signature = request.headers["x-twilio-signature"]
        return RequestValidator(secret).validate(request.url, self.sent(request), signature, algorithm)


class Fields(dict):
    """Parameters that may stand there more than once, as Flask has them."""

    def getall(self, name):
        return self[name]


class SendGrid:
    """Its library only verifies: the signature is `cryptography`'s."""

    def keys(self):
        from cryptography.hazmat.primitives.asymmetric import ec

        return written(ec.generate_private_key(ec.SECP256R1()))

    def sign(self, request, secret):
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec

        time = str(request.at)
        signature = private(secret).sign(time.encode() + request.body, ec.ECDSA(hashes.SHA256()))
        return {
            "X-Twilio-Email-Event-Webhook-Timestamp": time,
            "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
        }

    def verify(self, request, public):
        from sendgrid.helpers.eventwebhook import EventWebhook

        signature = request.headers["x-twilio-email-event-webhook-signature"]
        time = request.headers["x-twilio-email-event-webhook-timestamp"]
        return EventWebhook(public).verify_signature(request.text, signature, time)


class Discord:
    """Its library only verifies: the signature is PyNaCl's."""

    def keys(self):
        from nacl.signing import SigningKey

        key = SigningKey.generate()
        return {"private": bytes(key).hex(), "public": bytes(key.verify_key).hex()}

    def sign(self, request, secret):
        from nacl.signing import SigningKey

        time = str(request.at)
        signature = SigningKey(bytes.fromhex(secret)).sign(time.encode() + request.body).signature
        return {"X-Signature-Timestamp": time, "X-Signature-Ed25519": signature.hex()}

    def verify(self, request, public):
        from discord_interactions import verify_key

        headers = request.headers
        return verify_key(request.body, headers["x-signature-ed25519"], headers["x-signature-timestamp"], public)


class Line:
    def verify(self, request, secret):
        from linebot.v3.webhook import SignatureValidator

        return SignatureValidator(secret).validate(request.text, request.headers["x-line-signature"])


class HubSpot:
    """The address is signed as its own servers would write it."""

    def __init__(self, version):
        self.version = version

    def sign(self, request, secret):
        from hubspot.utils.signature import Signature

        time = str(request.at * 1000)
        made = Signature.get_signature(secret, request.text, self.version, request.url, request.method, time)
        if self.version == "v3":
            return {"X-HubSpot-Signature-v3": made, "X-HubSpot-Request-Timestamp": time}
        return {"X-HubSpot-Signature": made}

    def verify(self, request, secret):
        from hubspot.utils.signature import Signature

        header = "x-hubspot-signature-v3" if self.version == "v3" else "x-hubspot-signature"
        return Signature.is_valid(
            request.headers[header],
            secret,
            request.text,
            request.url,
            request.method,
            self.version,
            request.headers.get("x-hubspot-request-timestamp"),
        )


class Square:
    def verify(self, request, secret):
        from square.utils.webhooks_helper import verify_signature

        return verify_signature(
            request_body=request.text,
            signature_header=request.headers["x-square-hmacsha256-signature"],
            signature_key=secret,
            notification_url=request.url,
        )


class Adyen:
    """Each item of a notification is signed by itself."""

    def sign(self, request, secret):
        from Adyen.util import generate_notification_sig

        body = json.loads(request.body)
        for item in body["notificationItems"]:
            item = item["NotificationRequestItem"]
            signature = generate_notification_sig(item, secret).decode()
            item.setdefault("additionalData", {})["hmacSignature"] = signature
        return json.dumps(body).encode()

    def verify(self, request, secret):
        from Adyen.util import is_valid_hmac_notification

        return is_valid_hmac_notification(json.loads(request.body), secret)


class AdyenPlatform:
    def sign(self, request, secret):
        from Adyen.util import generate_payload_sig

        return {"HmacSignature": generate_payload_sig(request.body, secret).decode()}

    def verify(self, request, secret):
        from Adyen.util import is_valid_hmac_payload

        return is_valid_hmac_payload(request.headers["hmacsignature"], secret, request.body)


class Razorpay:
    def verify(self, request, secret):
        import razorpay

        signature = request.headers["x-razorpay-signature"]
        return razorpay.Client(auth=("key", "")).utility.verify_webhook_signature(request.text, signature, secret)


class GoCardless:
    def verify(self, request, secret):
        from gocardless_pro import webhooks

        webhooks.parse(request.body, secret, request.headers["webhook-signature"])
        return True


class Plivo:
    """Signatures V3. What is not ASCII in a query it reads as Latin-1."""

    nonce, signature = "X-Plivo-Signature-V3-Nonce", "X-Plivo-Signature-V3"

    def sign(self, request, secret):
        from plivo.utils.signature_v3 import construct_post_url, get_signature_v3

        nonce = "12345678901234567890"
        signed = construct_post_url(request.url, parse_qs(request.text)).decode()
        return {self.nonce: nonce, self.signature: get_signature_v3(secret, signed, nonce).decode()}

    def verify(self, request, secret):
        from plivo.utils import validate_v3_signature

        nonce, signature = (request.headers[name.lower()] for name in (self.nonce, self.signature))
        return validate_v3_signature(request.method, request.url, nonce, secret, signature, parse_qs(request.text))


class EasyPost:
    def verify(self, request, secret):
        from easypost.util import validate_webhook

        validate_webhook(request.body, {"X-Hmac-Signature": request.headers["x-hmac-signature"]}, secret)
        return True


class Pusher:
    def verify(self, request, secret):
        from pusher import Pusher

        pusher = Pusher(app_id="1", key="key", secret=secret)
        return pusher.validate_webhook("key", request.headers["x-pusher-signature"], request.text) is not None


class Box:
    def sign(self, request, secret):
        from datetime import datetime, timezone

        from box_sdk_gen.internal.utils import compute_webhook_signature

        time = {"box-delivery-timestamp": datetime.fromtimestamp(request.at, timezone.utc).isoformat()}
        signature = compute_webhook_signature(request.text, {**request.headers, **time}, secret, escape_body=False)
        return {**time, "box-signature-secondary": signature}

    def verify(self, request, secret):
        from box_sdk_gen.managers.webhooks import WebhooksManager

        return WebhooksManager.validate_message(request.text, request.headers, "another key", secondary_key=secret)


class Onfido:
    def verify(self, request, secret):
        from onfido import WebhookEventVerifier

        WebhookEventVerifier(secret).read_payload(request.text, request.headers["x-sha2-signature"])
        return True


class Token:
    """PyJWT, for one algorithm."""

    def __init__(self, algorithm):
        self.algorithm = algorithm

    def keys(self):
        from cryptography.hazmat.primitives import serialization as s
        from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

        key = {
            "RS256": lambda: rsa.generate_private_key(65537, 2048),
            "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
            "EdDSA": ed25519.Ed25519PrivateKey.generate,
        }[self.algorithm]()
        private = key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption())
        public = key.public_key().public_bytes(s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo)
        return {"private": private.decode(), "public": public.decode()}

    def sign(self, request, secret):
        import jwt

        at = request.at
        claims = {"aud": "hookpost", "iat": at, "nbf": at, "exp": at + 300}
        return {"Authorization": f"Bearer {jwt.encode(claims, secret or None, algorithm=self.algorithm)}"}

    def verify(self, request, secret):
        import jwt

        token = request.headers["authorization"].removeprefix("Bearer ")
        return jwt.decode(token, secret, algorithms=[self.algorithm], audience="hookpost", leeway=60)


class Standard:
    """Standard Webhooks, or Svix, by the library of that name."""

    def __init__(self, library, prefix):
        self.library, self.prefix = library, prefix

    def webhook(self, secret):
        return __import__(self.library).Webhook(secret)

    def sign(self, request, secret):
        from datetime import datetime, timezone

        time = datetime.fromtimestamp(request.at, timezone.utc)
        signature = self.webhook(secret).sign("msg_vendors", time, request.text)
        prefix = self.prefix
        return {f"{prefix}-id": "msg_vendors", f"{prefix}-timestamp": str(request.at), f"{prefix}-signature": signature}

    def verify(self, request, secret):
        self.webhook(secret).verify(request.body, request.headers)
        return True


LIBRARIES = {
    "stripe": Stripe(),
    "slack": Slack(),
    "twilio": Twilio(),
    "twilio-json": Twilio(),
    "twilio-shared": Twilio("HMAC_SHA256"),
    "sendgrid": SendGrid(),
    "discord": Discord(),
    "line": Line(),
    "hubspot-v1": HubSpot("v1"),
    "hubspot-v2": HubSpot("v2"),
    "hubspot-v3": HubSpot("v3"),
    "square": Square(),
    "adyen": Adyen(),
    "adyen-platform": AdyenPlatform(),
    "razorpay": Razorpay(),
    "gocardless": GoCardless(),
    "plivo": Plivo(),
    "easypost": EasyPost(),
    "pusher": Pusher(),
    "box": Box(),
    "onfido": Onfido(),
    "jwt-hs256": Token("HS256"),
    "jwt-rs256": Token("RS256"),
    "jwt-es256": Token("ES256"),
    "jwt-eddsa": Token("EdDSA"),
    "jwt-none": Token("none"),
    "standard": Standard("standardwebhooks", "webhook"),
    "svix": Standard("svix", "svix"),
}


def written(key):
    """A key pair, each half as base64 of its DER."""
    from cryptography.hazmat.primitives import serialization as s

    private = key.private_bytes(s.Encoding.DER, s.PrivateFormat.PKCS8, s.NoEncryption())
    public = key.public_key().public_bytes(s.Encoding.DER, s.PublicFormat.SubjectPublicKeyInfo)
    return {"private": base64.b64encode(private).decode(), "public": base64.b64encode(public).decode()}


def private(text):
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    return load_der_private_key(base64.b64decode(text), None)


def answer(line):
    library, action = LIBRARIES[line["library"]], line["action"]
    if action == "keys":
        return library.keys()
    given = line["request"]
    headers = {name.lower(): value for name, value in given["headers"].items()}
    body = base64.b64decode(given["body_base64"])
    request = Request(given["method"], given["url"], headers, body, line.get("at"))
    if action == "sign":
        signed = library.sign(request, line["secret"])
        if isinstance(signed, bytes):
            return {"body_base64": base64.b64encode(signed).decode()}
        return {"headers": signed}
    try:
        return {"accepted": bool(library.verify(request, line["secret"]))}
    except Exception as refused:
        return {"accepted": False, "why": repr(refused)}


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), file=answers, flush=True)
