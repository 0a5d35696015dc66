// Receives a GitHub webhook at a Function URL: checks its signature and puts it into SQS.
import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';

const { GITHUB_SECRET, INBOUND_KEY_SECRET, INBOUND_QUEUE_URL, TABLE_NAME } = process.env;

// The SDK itself reads AWS_ENDPOINT_URL, AWS_REGION and the keys.
const sqs = new SQSClient();

// Both are read once, before the first event, as Hookpost does. Neither value is used.
await Promise.all([
  new SecretsManagerClient().send(new GetSecretValueCommand({ SecretId: INBOUND_KEY_SECRET })),
  new DynamoDBClient().send(
    new GetItemCommand({ TableName: TABLE_NAME, Key: { pk: { S: 'config' }, sk: { S: 'config' } } }),
  ),
]);

export async function handler(event) {
  const body = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  if (!isGenuine(body, event.headers['x-hub-signature-256'])) {
    return answer(401, { error: { code: 'unauthorized', message: 'not authenticated' } });
  }
  const id = randomUUID();
  const message = { id, time: new Date().toISOString(), headers: event.headers, body: body.toString('base64') };
  await sqs.send(new SendMessageCommand({ QueueUrl: INBOUND_QUEUE_URL, MessageBody: JSON.stringify(message) }));
  return answer(202, { id });
}

function isGenuine(body, signature) {
  const given = Buffer.from(signature ?? '');
  const wanted = Buffer.from(`sha256=${createHmac('sha256', GITHUB_SECRET).update(body).digest('hex')}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

function answer(statusCode, body) {
  process.stdout.write(`${JSON.stringify({ level: 'info', status: statusCode, ...body })}\n`);
  return { statusCode, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
