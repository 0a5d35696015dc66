"""Mails the webhooks of an SQS batch: claims each in DynamoDB, sends it with SES, completes the claim."""

import base64
import json
import os
import time

import boto3

MAIL_FROM = os.environ["MAIL_FROM"]
MAIL_TO = os.environ["MAIL_TO"]
TABLE_NAME = os.environ["TABLE_NAME"]
LEASE = 300

# The SDK itself reads AWS_ENDPOINT_URL, AWS_DEFAULT_REGION and the keys.
dynamodb = boto3.client("dynamodb")
ses = boto3.client("sesv2")


def handler(event, context):
    failures = []
    for record in event["Records"]:
        try:
            webhook = json.loads(record["body"])
            claim(webhook["id"])
            mail(webhook)
            complete(webhook["id"])
            log("info", id=webhook["id"], mailed=True)
        except Exception as error:
            log("error", message=record["messageId"], error=str(error))
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}


def claim(webhook_id):
    now = int(time.time())
    dynamodb.update_item(
        TableName=TABLE_NAME,
        Key=key(webhook_id),
        UpdateExpression="SET lease = :lease",
        ConditionExpression="attribute_not_exists(pk) OR (attribute_not_exists(done) AND lease < :now)",
        ExpressionAttributeValues={":lease": {"N": str(now + LEASE)}, ":now": {"N": str(now)}},
    )


def mail(webhook):
    event = webhook["headers"].get("x-github-event", "webhook")
    text = base64.b64decode(webhook["body"]).decode(errors="replace")
    ses.send_email(
        FromEmailAddress=MAIL_FROM,
        Destination={"ToAddresses": [MAIL_TO]},
        Content={
            "Simple": {
                "Subject": {"Data": f"{event} {webhook['id']}"},
                "Body": {"Text": {"Data": text}},
            }
        },
    )


def complete(webhook_id):
    dynamodb.update_item(
        TableName=TABLE_NAME,
        Key=key(webhook_id),
        UpdateExpression="SET done = :done",
        ExpressionAttributeValues={":done": {"BOOL": True}},
    )


def key(webhook_id):
    return {"pk": {"S": f"mail#{webhook_id}"}, "sk": {"S": "claim"}}


def log(level, **fields):
    print(json.dumps({"level": level, **fields}))
