// Posts webhooks signed by the official JavaScript library of Standard Webhooks, good ones and bad ones.
//
//   node DIR/standard.mjs URL SECRET     (DIR/standard.mjs is the copy that `setup DIR` makes)
//
// Prints a line of JSON for each, with the status that the specification calls for.

import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';

const [url, secret] = process.argv.slice(2);
const right = new Webhook(secret);
const wrong = new Webhook(randomBytes(32), { format: 'raw' });
const SIX_MINUTES = 6 * 60 * 1000;

const shell = JSON.stringify({ type: 'report.ready', data: '' });
const CASES = {
  plain: JSON.stringify({ type: 'invoice.paid', timestamp: '2024-05-06T07:08:09Z', data: { id: 'in_1', total: 1250 } }),
  unicode: JSON.stringify({ type: 'user.created', data: { name: 'Zoë Ωmega 日本語 שלום 👩‍🚀', note: 'e\u0301 \u2028' } }),
  empty_object: '{}',
  large: JSON.stringify({ type: 'report.ready', data: 'x'.repeat(100 * 1024 - shell.length) }),
};

// Changes a letter of the first key; in `{}` there is only the brace to change.
function altered(body) {
  const copy = Buffer.from(body);
  copy[Math.min(2, copy.length - 1)] ^= 1;
  return copy;
}

async function post(name, id, time, signature, body, expected) {
  const answer = await fetch(url, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(time.getTime() / 1000)),
      'webhook-signature': signature,
    },
    body,
  });
  const text = await answer.text();
  let answerId = null;
  try {
    answerId = JSON.parse(text).id ?? null;
  } catch {
    // An answer that is not JSON has no id.
  }
  console.log(JSON.stringify({ case: name, webhook_id: id, status: answer.status, id: answerId, expected }));
}

const newId = () => `msg_${randomBytes(12).toString('hex')}`;
const fromNow = (milliseconds) => new Date(Date.now() + milliseconds);

for (const [name, body] of Object.entries(CASES)) {
  let id = newId();
  let time = fromNow(0);
  const signature = right.sign(id, time, body);
  await post(name, id, time, signature, body, 202);
  await post(`${name}/altered`, id, time, signature, altered(body), 401);

  for (const [variant, shift] of [['old', -SIX_MINUTES], ['ahead', SIX_MINUTES]]) {
    id = newId();
    time = fromNow(shift);
    await post(`${name}/${variant}`, id, time, right.sign(id, time, body), body, 401);
  }

  id = newId();
  time = fromNow(0);
  const both = `${wrong.sign(id, time, body)} ${right.sign(id, time, body)}`;
  await post(`${name}/second_signature`, id, time, both, body, 202);
}
