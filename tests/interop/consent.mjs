// A receiver that answers the handshake of CloudEvents webhooks with the code of Azure Web PubSub's SDK.
//
//   node DIR/consent.mjs --origin NAME   (DIR/consent.mjs is the copy that `setup DIR` makes)
//
// Listens on 127.0.0.1, prints `listening PORT`, then a line of JSON for each request: method, path and status.
// Everything but the handshake is answered 204. Ends when its standard input ends.

import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import { WebPubSubEventHandler } from '@azure/web-pubsub-express';

const { values: options } = parseArgs({ options: { origin: { type: 'string' } } });
const handler = new WebPubSubEventHandler('hub', {
  path: '/hook',
  allowedEndpoints: [`https://${options.origin}`, 'https://another.example'],
});
const middleware = handler.getMiddleware();

const server = createServer(async (request, response) => {
  // What a framework would set.
  [request.baseUrl, request.path] = ['', request.url];
  response.status = (status) => Object.assign(response, { statusCode: status });
  response.on('finish', () => {
    const origin = request.headers['webhook-request-origin'];
    console.log(JSON.stringify({ method: request.method, path: request.url, status: response.statusCode, origin }));
  });
  if (request.method === 'OPTIONS') {
    await middleware(request, response, () => response.writeHead(404).end());
    return;
  }
  for await (const _ of request);
  response.writeHead(204).end();
});
server.listen(0, '127.0.0.1', () => console.log(`listening ${server.address().port}`));
process.stdin.on('end', () => process.exit()).resume();
