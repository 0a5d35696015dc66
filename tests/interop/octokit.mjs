// Posts every example of a GitHub webhook that @octokit/webhooks-examples has, signed by @octokit/webhooks-methods.
//
//   node DIR/octokit.mjs URL SECRET     (DIR/octokit.mjs is the copy that `setup DIR` makes)
//
// Prints a line of JSON for each. Every tenth is posted once more with one byte changed.

import { createHash, randomUUID } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { sign } from '@octokit/webhooks-methods';

const [url, secret] = process.argv.slice(2);
const AT_ONCE = 8;

// The package has a folder for github.com and one for each release of GitHub Enterprise Server.
function allExamples() {
  const require = createRequire(import.meta.url);
  const folder = dirname(require.resolve('@octokit/webhooks-examples/package.json'));
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => require(`${folder}/${name}/index.json`).map((event) => ({ source: name, ...event })))
    .flatMap(({ source, name, examples }) => examples.map((example) => ({ source, event: name, example })));
}

// Changes a letter of the first key, so that the body is still JSON.
function altered(body) {
  const copy = Buffer.from(body);
  copy[2] ^= 1;
  return copy;
}

async function post(event, delivery, signature, body) {
  const answer = await fetch(url, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      'User-Agent': 'GitHub-Hookshot/abc',
      'X-GitHub-Event': event,
      'X-GitHub-Delivery': delivery,
      'X-Hub-Signature-256': signature,
    },
    body,
  });
  const text = await answer.text();
  let id = null;
  try {
    id = JSON.parse(text).id ?? null;
  } catch {
    // An answer that is not JSON has no id.
  }
  return { status: answer.status, id };
}

async function check({ source, event, example }, index) {
  const json = JSON.stringify(example);
  const body = Buffer.from(json);
  const signature = await sign(secret, json);
  const delivery = randomUUID();
  const { status, id } = await post(event, delivery, signature, body);
  let altered_status = null;
  if (index % 10 === 0) {
    ({ status: altered_status } = await post(event, randomUUID(), signature, altered(body)));
  }
  const sha256 = createHash('sha256').update(body).digest('hex');
  console.log(JSON.stringify({ source, event, delivery, status, id, sha256, bytes: body.length, altered_status }));
}

// The workers share one iterator: each takes the next example when it has finished its last.
const queue = allExamples().entries();
async function work() {
  for (const [index, example] of queue) {
    await check(example, index);
  }
}
await Promise.all(Array.from({ length: AT_ONCE }, work));
