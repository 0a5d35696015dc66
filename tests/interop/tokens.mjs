// An authorization server and what it protects, both of a certified implementation of OAuth 2.0 (oidc-provider).
//
//   node DIR/tokens.mjs --lifetime SECONDS   (DIR/tokens.mjs is the copy that `setup DIR` makes)
//
// Listens on 127.0.0.1, prints `listening PORT`, then a line of JSON for each request: its path, the status that it
// was answered with and the client that the token was made for. Ends when its standard input ends.
//
//   POST /token    tokens for the clients `by header` and `by-body`, by client_credentials
//   POST /hook     204 for who shows a token that is good, 401 for everybody else
//   POST /revoke   revokes every token that was shown at /hook

import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import Provider from 'oidc-provider';

const { values: options } = parseArgs({ options: { lifetime: { type: 'string', default: '600' } } });

const client = (client_id, client_secret, token_endpoint_auth_method) => ({
  client_id,
  client_secret,
  token_endpoint_auth_method,
  grant_types: ['client_credentials'],
  redirect_uris: [],
  response_types: [],
  scope: 'hooks:write hooks:read',
});

// Characters that the two styles carry differently.
const clients = [
  client('by header', 's3cret:%2B+/=& of the header', 'client_secret_basic'),
  client('by-body', 's3cret:%2B+/=& of the body', 'client_secret_post'),
];

// What it notes is no line of ours.
console.info = console.warn = console.error;

const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address();
  const provider = new Provider(`http://127.0.0.1:${port}`, {
    clients,
    scopes: ['hooks:write', 'hooks:read'],
    features: {
      clientCredentials: { enabled: true },
      revocation: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => 'https://hooks.example/',
        getResourceServerInfo: (_, resource) => ({
          scope: 'hooks:write hooks:read',
          audience: resource,
          accessTokenFormat: 'opaque',
          accessTokenTTL: Number(options.lifetime),
        }),
      },
    },
  });
  const callback = provider.callback();
  const shown = new Set();

  async function hook(request, response) {
    for await (const _ of request);
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    const found = token && (await provider.ClientCredentials.find(token));
    if (token) shown.add(token);
    const good = found && !found.isExpired && found.scope === 'hooks:write' && found.aud === 'https://hooks.example/';
    response.statusCode = good ? 204 : 401;
    response.client = found?.clientId;
    response.end(good ? '' : `no: ${token}`);
  }

  async function revoke(response) {
    for (const token of shown) await (await provider.ClientCredentials.find(token))?.destroy();
    response.end();
  }

  server.on('request', (request, response) => {
    const path = request.url;
    response.on('finish', () => {
      const { statusCode: status, client } = response;
      console.log(JSON.stringify({ path, status, client, style: request.headers.authorization?.split(' ')[0] }));
    });
    if (path === '/hook') hook(request, response);
    else if (path === '/revoke') revoke(response);
    else callback(request, response);
  });
  console.log(`listening ${port}`);
});

process.stdin.on('end', () => process.exit()).resume();
