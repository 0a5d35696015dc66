"""Receives a GitHub webhook at a Function URL: checks its signature and puts it into SQS."""

import base64
import hashlib
import hmac
import json
import os
import uuid
from datetime import datetime, timezone

import boto3

SECRET = os.environ["GITHUB_SECRET"].encode()
QUEUE_URL = os.environ["INBOUND_QUEUE_URL"]

# The SDK itself reads AWS_ENDPOINT_URL, AWS_DEFAULT_REGION and the keys.
sqs = boto3.client("sqs")

# Both are read once, before the first event, as Hookpost does. Neither value is used.
boto3.client("secretsmanager").get_secret_value(SecretId=os.environ["INBOUND_KEY_SECRET"])
boto3.client("dynamodb").get_item(
    TableName=os.environ["TABLE_NAME"], Key={"pk": {"S": "config"}, "sk": {"S": "config"}}
)


def handler(event, context):
    body = event.get("body", "")
    body = base64.b64decode(body) if event["isBase64Encoded"] else body.encode()
    if not is_genuine(body, event["headers"].get("x-hub-signature-256", "")):
        return answer(401, {"error": {"code": "unauthorized", "message": "not authenticated"}})
    message = {
        "id": str(uuid.uuid4()),
        "time": datetime.now(timezone.utc).isoformat(),
        "headers": event["headers"],
        "body": base64.b64encode(body).decode(),
    }
    sqs.send_message(QueueUrl=QUEUE_URL, MessageBody=json.dumps(message))
    return answer(202, {"id": message["id"]})


def is_genuine(body, signature):
    wanted = "sha256=" + hmac.new(SECRET, body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(signature.encode(), wanted.encode())


def answer(status, body):
    print(json.dumps({"level": "info", "status": status, **body}))
    return {"statusCode": status, "headers": {"content-type": "application/json"}, "body": json.dumps(body)}
