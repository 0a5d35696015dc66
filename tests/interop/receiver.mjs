// A receiver of webhooks that believes what the official JavaScript libraries believe.
//
//   node DIR/receiver.mjs [--secret whsec_…]… [--public whpk_…]… [--status N]
//                                        (DIR/receiver.mjs is the copy that `setup DIR` makes)
//
// Listens on 127.0.0.1, prints `listening PORT`, then a line of JSON for each request: which libraries
// were asked (`library`), whether all of them found it genuine (`ok`), what they said otherwise (`error`),
// and the request. Answers 204 if it is genuine and 401 if not, or always N. Ends when its standard input ends.
//
// With --secret, the libraries of Standard Webhooks and of Svix must each find a signature `v1`; with
// --public, node:crypto must find a signature `v1a`. Any one key of a kind will do.
// A GET has no body: its query, as it came, is what was signed.

import { isUtf8 } from 'node:buffer';
import { createHmac, createPublicKey, timingSafeEqual, verify as verifySignature } from 'node:crypto';
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import { Webhook as SvixWebhook } from 'svix';

const FIVE_MINUTES = 300;

const { values: options } = parseArgs({
  options: {
    secret: { type: 'string', multiple: true, default: [] },
    public: { type: 'string', multiple: true, default: [] },
    status: { type: 'string' },
  },
});
if (options.secret.length === 0 && options.public.length === 0) {
  throw new Error('give --secret or --public');
}

function byStandardwebhooks(secret, content, headers) {
  new StandardWebhook(secret).verify(content, headers, { jsonParse: false });
}

function bySvix(secret, content, headers) {
  try {
    new SvixWebhook(secret).verify(content, headers);
  } catch (error) {
    // It parses what it has verified, and not every body is JSON.
    if (!(error instanceof SyntaxError)) throw error;
  }
}

// The bytes that the specification signs, for what the libraries cannot check.
function signed(content, headers) {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp } = headers;
  if (!id || !/^\d+$/.test(timestamp ?? '')) throw new Error('missing or malformed');
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > FIVE_MINUTES) throw new Error('too old or too new');
  return Buffer.concat([Buffer.from(`${id}.${timestamp}.`), content]);
}

function signatures(version, headers) {
  const texts = (headers['webhook-signature'] ?? '').split(' ').filter((text) => text.startsWith(`${version},`));
  return texts.map((text) => Buffer.from(text.slice(version.length + 1), 'base64'));
}

// The libraries read the body as UTF-8. This is for the bodies that are not.
function byNodeHmac(secret, content, headers) {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const mac = createHmac('sha256', key).update(signed(content, headers)).digest();
  const same = (signature) => signature.length === mac.length && timingSafeEqual(signature, mac);
  if (!signatures('v1', headers).some(same)) throw new Error('no matching signature');
}

// The libraries know no `v1a`.
function byNodeEd25519(text, content, headers) {
  const x = Buffer.from(text.replace(/^whpk_/, ''), 'base64').toString('base64url');
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  const message = signed(content, headers);
  const genuine = (signature) => verifySignature(null, message, key, signature);
  if (!signatures('v1a', headers).some(genuine)) throw new Error('no matching signature');
}

// What a check says of the first key that fits: nothing if the request is genuine.
function said(verify, keys, content, headers) {
  let words;
  for (const key of keys) {
    try {
      verify(key, content, headers);
      return null;
    } catch (error) {
      words = `${error.name}: ${error.message}`;
    }
  }
  return words;
}

function verdicts(content, headers) {
  const asked = [];
  if (options.secret.length > 0 && isUtf8(content)) {
    asked.push(['standardwebhooks', byStandardwebhooks, options.secret], ['svix', bySvix, options.secret]);
  } else if (options.secret.length > 0) {
    asked.push(['stdlib', byNodeHmac, options.secret]);
  }
  if (options.public.length > 0) {
    asked.push(['node:crypto', byNodeEd25519, options.public]);
  }
  return asked.map(([library, verify, keys]) => [library, said(verify, keys, content, headers)]);
}

const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  const mark = request.url.indexOf('?');
  const [path, query] = mark < 0 ? [request.url, ''] : [request.url.slice(0, mark), request.url.slice(mark + 1)];
  const content = request.method === 'GET' ? Buffer.from(query, 'latin1') : body;
  const found = verdicts(content, request.headers);
  const ok = found.every(([, words]) => words === null);
  const errors = found.filter(([, words]) => words !== null).map(([library, words]) => `${library}: ${words}`);
  const line = {
    library: found.map(([library]) => library),
    method: request.method,
    path,
    query,
    id: request.headers['webhook-id'] ?? null,
    ok,
    error: errors.join('; ') || null,
    headers: request.headers,
    body: isUtf8(body) ? body.toString() : null,
    body_base64: body.toString('base64'),
  };
  console.log(JSON.stringify(line));
  response.writeHead(Number(options.status) || (ok ? 204 : 401), { 'content-length': 0 }).end();
});

server.listen(0, '127.0.0.1', () => console.log(`listening ${server.address().port}`));
process.stdin.resume().on('end', () => process.exit(0));
