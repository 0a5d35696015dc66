// A receiver that only lets in who shows a certificate, by Node's own TLS.
//
//   node DIR/certificates.mjs --cert FILE --key FILE --clients FILE   (DIR/… is the copy that `setup DIR` makes)
//
// Listens on 127.0.0.1, prints `listening PORT`, then a line of JSON for each request, with the name in the
// certificate that was shown. Answers 204. Ends when its standard input ends.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { parseArgs } from 'node:util';

const text = { type: 'string' };
const { values: files } = parseArgs({ options: { cert: text, key: text, clients: text } });
const [cert, key, ca] = [files.cert, files.key, files.clients].map((file) => readFileSync(file));

const server = createServer({ cert, key, ca, requestCert: true, rejectUnauthorized: true }, async (request, response) => {
  for await (const _ of request);
  console.log(JSON.stringify({ path: request.url, client: request.socket.getPeerCertificate().subject.CN }));
  response.writeHead(204).end();
});
server.listen(0, '127.0.0.1', () => console.log(`listening ${server.address().port}`));
process.stdin.on('end', () => process.exit()).resume();
