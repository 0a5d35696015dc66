// Signs and judges webhooks with the JavaScript libraries that providers publish.
//
//   node DIR/vendors.mjs     (DIR/vendors.mjs is the copy that `setup DIR` makes)
//
// Reads lines of JSON and answers each with one, until its standard input ends: as `vendors.py` does, which says what
// stands in them.

import crypto from 'node:crypto';
import https from 'node:https';
import { createInterface } from 'node:readline';
import { LinearWebhookClient } from '@linear/sdk/webhooks';
import Mux from '@mux/mux-node';
import * as octokit from '@octokit/webhooks-methods';
import { Paddle } from '@paddle/paddle-node-sdk';
import { encodeSignatureHeader, isValidSignature } from '@sanity/webhook';
import '@shopify/shopify-api/adapters/node';
import { ApiVersion, LogSeverity, shopifyApi } from '@shopify/shopify-api';
import { WorkOS } from '@workos-inc/node';
import * as jose from 'jose';
import messagebird from 'messagebird/lib/webhook-signature-jwt.js';
import MessageValidator from 'sns-validator';
import { Webhook as Standard } from 'standardwebhooks';
import { Webhook as Svix } from 'svix';

const github = {
  sign: async ({ body }, secret) => ({ 'X-Hub-Signature-256': await octokit.sign(secret, body.toString()) }),
  verify: ({ headers, body }, secret) => octokit.verify(secret, body.toString(), headers['x-hub-signature-256']),
};

const linear = {
  verify({ headers, body }, secret) {
    const time = JSON.parse(body).webhookTimestamp;
    return new LinearWebhookClient(secret).verify(body, headers['linear-signature'], time);
  },
};

const mux = {
  async verify({ headers, body }, secret) {
    const { webhooks } = new Mux({ tokenId: 'id', tokenSecret: 'token', webhookSecret: secret });
    await webhooks.verifySignature(body.toString(), headers);
    return true;
  },
};

const sanity = {
  async sign({ body, at }, secret) {
    return { 'sanity-webhook-signature': await encodeSignatureHeader(body.toString(), at * 1000, secret) };
  },
  verify: ({ headers, body }, secret) => isValidSignature(body.toString(), headers['sanity-webhook-signature'], secret),
};

// It reads the body and writes it anew: the same bytes only where JSON is written as JavaScript writes it.
const workos = {
  async sign({ body, at }, secret) {
    const { webhooks } = new WorkOS('an API key');
    const signature = await webhooks.computeSignature(at * 1000, JSON.parse(body), secret);
    return { 'workos-signature': `t=${at * 1000}, v1=${signature}` };
  },
  async verify({ headers, body }, secret) {
    const { webhooks } = new WorkOS('an API key');
    const sigHeader = headers['workos-signature'];
    return webhooks.verifyHeader({ payload: JSON.parse(body), sigHeader, secret });
  },
};

const paddle = {
  async verify({ headers, body }, secret) {
    await new Paddle('an API key').webhooks.unmarshal(body.toString(), secret, headers['paddle-signature']);
    return true;
  },
};

const shopify = {
  async verify({ method, url, headers, body }, secret) {
    const api = shopifyApi({
      apiKey: 'key',
      apiSecretKey: secret,
      apiVersion: Object.values(ApiVersion).at(-1),
      hostName: 'hooks.example.com',
      isEmbeddedApp: false,
      logger: { level: LogSeverity.Error, log: () => {} },
    });
    const rawRequest = { method, url, headers };
    return (await api.webhooks.validate({ rawBody: body.toString(), rawRequest, rawResponse: {} })).valid;
  },
};

// jose, for one algorithm.
const token = (alg, toSign, toVerify) => ({
  async keys() {
    const { privateKey, publicKey } = await jose.generateKeyPair(alg, { extractable: true });
    return { private: await jose.exportPKCS8(privateKey), public: await jose.exportSPKI(publicKey) };
  },
  async sign({ at }, secret) {
    const token = new jose.SignJWT({}).setProtectedHeader({ alg }).setAudience('hookpost');
    token.setIssuedAt(at).setNotBefore(at).setExpirationTime(at + 300);
    return { authorization: `Bearer ${await token.sign(await toSign(secret))}` };
  },
  async verify({ headers }, secret) {
    const options = { algorithms: [alg], audience: 'hookpost', clockTolerance: 60 };
    await jose.jwtVerify(headers.authorization.replace('Bearer ', ''), await toVerify(secret), options);
    return true;
  },
});

const asBytes = (text) => new TextEncoder().encode(text);
const ofPair = (alg) => token(alg, (pem) => jose.importPKCS8(pem, alg), (pem) => jose.importSPKI(pem, alg));

// Its token, signed by jose, holds digests of address and body.
const bird = {
  async sign({ url, body, at }, secret) {
    const digest = (data) => crypto.createHash('sha256').update(data).digest('hex');
    const payload = body.length > 0 ? { payload_hash: digest(body) } : {};
    const token = new jose.SignJWT({ url_hash: digest(url), jti: crypto.randomUUID(), ...payload });
    token.setProtectedHeader({ alg: 'HS256' }).setIssuer('MessageBird').setNotBefore(at).setExpirationTime(at + 60);
    return { [messagebird.SIGNATURE_HEADER_NAME]: await token.sign(asBytes(secret)) };
  },
  verify({ url, headers, body }, secret) {
    const key = crypto.createSecretKey(secret, 'utf8');
    return messagebird.verify(url, body, headers[messagebird.SIGNATURE_HEADER_NAME], key);
  },
};

// A token that says it needs no signature.
const unsigned = {
  sign({ at }) {
    const token = new jose.UnsecuredJWT({}).setAudience('hookpost').setNotBefore(at).setExpirationTime(at + 300);
    return { authorization: `Bearer ${token.encode()}` };
  },
};

// Signed with a private key; judged with a certificate, which the library thinks it fetched.
const sns = {
  sign({ body }, secret) {
    const message = JSON.parse(body);
    const isNotification = message.Type === 'Notification';
    const names = isNotification
      ? ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type']
      : ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'];
    const signed = names.filter((name) => name in message).map((name) => `${name}\n${message[name]}\n`).join('');
    const digest = message.SignatureVersion === '1' ? 'sha1' : 'sha256';
    message.Signature = crypto.sign(digest, signed, secret).toString('base64');
    return Buffer.from(JSON.stringify(message));
  },
  async verify({ body }, certificate) {
    https.get = (_, answer) => {
      const parts = { data: (take) => take(Buffer.from(certificate)), end: (finish) => finish() };
      const response = { statusCode: 200, on: (event, then) => (parts[event](then), response) };
      answer(response);
      return { on: () => {} };
    };
    await new Promise((accept, refuse) => {
      new MessageValidator().validate(body.toString(), (error) => (error ? refuse(error) : accept()));
    });
    return true;
  },
};

// Standard Webhooks, or Svix, by the library of that name.
const standard = (Webhook, prefix) => ({
  sign: ({ body, at }, secret) => ({
    [`${prefix}-id`]: 'msg_vendors',
    [`${prefix}-timestamp`]: String(at),
    [`${prefix}-signature`]: new Webhook(secret).sign('msg_vendors', new Date(at * 1000), body.toString()),
  }),
  verify({ headers, body }, secret) {
    new Webhook(secret).verify(body.toString(), headers);
    return true;
  },
});

const LIBRARIES = {
  github,
  'jwt-confused': token('HS256', asBytes, asBytes),
  'jwt-eddsa': ofPair('EdDSA'),
  'jwt-es256': ofPair('ES256'),
  'jwt-hs256': token('HS256', asBytes, asBytes),
  'jwt-none': unsigned,
  'jwt-rs256': ofPair('RS256'),
  linear,
  messagebird: bird,
  'messagebird-empty': bird,
  mux,
  paddle,
  sanity,
  shopify,
  sns,
  standard: standard(Standard, 'webhook'),
  svix: standard(Svix, 'svix'),
  workos,
};

async function answer({ library, action, secret, request: given = {}, at }) {
  if (action === 'keys') {
    return LIBRARIES[library].keys();
  }
  const { method, url, headers, body_base64 } = given;
  const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  const request = { method, url, headers: lower, body: Buffer.from(body_base64, 'base64'), at };
  if (action === 'sign') {
    const signed = await LIBRARIES[library].sign(request, secret);
    return Buffer.isBuffer(signed) ? { body_base64: signed.toString('base64') } : { headers: signed };
  }
  try {
    return { accepted: Boolean(await LIBRARIES[library].verify(request, secret)) };
  } catch (refused) {
    return { accepted: false, why: String(refused) };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await answer(JSON.parse(line))));
}
