// Mails the webhooks of an SQS batch: claims each in DynamoDB, sends it with SES, completes the claim.
import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { SendEmailCommand, SESv2Client } from '@aws-sdk/client-sesv2';

const { MAIL_FROM, MAIL_TO, TABLE_NAME } = process.env;
const LEASE = 300;

// The SDK itself reads AWS_ENDPOINT_URL, AWS_REGION and the keys.
const dynamodb = new DynamoDBClient();
const ses = new SESv2Client();

export async function handler(event) {
  const batchItemFailures = [];
  for (const record of event.Records) {
    try {
      const webhook = JSON.parse(record.body);
      await claim(webhook.id);
      await mail(webhook);
      await complete(webhook.id);
      log('info', { id: webhook.id, mailed: true });
    } catch (error) {
      log('error', { message: record.messageId, error: String(error) });
      batchItemFailures.push({ itemIdentifier: record.messageId });
    }
  }
  return { batchItemFailures };
}

function claim(id) {
  const now = Math.floor(Date.now() / 1000);
  return dynamodb.send(
    new UpdateItemCommand({
      TableName: TABLE_NAME,
      Key: key(id),
      UpdateExpression: 'SET lease = :lease',
      ConditionExpression: 'attribute_not_exists(pk) OR (attribute_not_exists(done) AND lease < :now)',
      ExpressionAttributeValues: { ':lease': { N: String(now + LEASE) }, ':now': { N: String(now) } },
    }),
  );
}

function mail({ id, headers, body }) {
  const text = Buffer.from(body, 'base64').toString();
  return ses.send(
    new SendEmailCommand({
      FromEmailAddress: MAIL_FROM,
      Destination: { ToAddresses: [MAIL_TO] },
      Content: {
        Simple: {
          Subject: { Data: `${headers['x-github-event'] ?? 'webhook'} ${id}` },
          Body: { Text: { Data: text } },
        },
      },
    }),
  );
}

function complete(id) {
  return dynamodb.send(
    new UpdateItemCommand({
      TableName: TABLE_NAME,
      Key: key(id),
      UpdateExpression: 'SET done = :done',
      ExpressionAttributeValues: { ':done': { BOOL: true } },
    }),
  );
}

function key(id) {
  return { pk: { S: `mail#${id}` }, sk: { S: 'claim' } };
}

function log(level, fields) {
  process.stdout.write(`${JSON.stringify({ level, ...fields })}\n`);
}
