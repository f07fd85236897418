// An OpenID provider of its own for tests, on loopback: tells the ledger what it issued, and what became of it.
//
//   node server.mjs RECORDS URL   serves, writes the issuer's URL to the file URL, appends issued-token records and facts to RECORDS
//
// No user agent takes part: `POST /test/grant?account=NAME` answers what the client `app` would hold after a login.
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { appendFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname } from 'node:path';

import Provider, { errors } from 'oidc-provider';

import { receiveWebhooks } from './webhooks.mjs';

// Which format an access token has is decided by the resource that it is for. Without a resource it is opaque.
// The provider keeps nothing of a JWT: revocation of one changes nothing, and introspection does not know it.
const RESOURCES = { 'https://jira.example/jwt': 'jwt', 'https://jira.example/opaque': 'opaque' };
const SCOPE = 'jira.search';

function resourceServer(resource) {
  const accessTokenFormat = RESOURCES[resource];
  if (!accessTokenFormat) throw new errors.InvalidTarget();
  return { scope: SCOPE, audience: resource, accessTokenFormat, jwt: { sign: { alg: 'ES256' } } };
}

// Secrets that guard nothing: clients show them as RFC 6749, section 2.3.1 says (`client_secret_basic`).
const client = (id, grant) => ({ client_id: id, client_secret: `${id}-of-tests`, grant_types: [grant], redirect_uris: [], response_types: [] });

const CONFIGURATION = {
  clients: [client('agent', 'client_credentials'), client('app', 'refresh_token')],
  scopes: ['openid', 'offline_access'],
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    // Every client may ask about every token.
    introspection: { enabled: true, allowedPolicy: () => true },
    revocation: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (_, resource) => resourceServer(resource),
    },
  },
  rotateRefreshToken: true,
  ttl: { AccessToken: 600, ClientCredentials: 600, RefreshToken: 86400, Grant: 86400 },
  findAccount: (_, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
  clientDefaults: { id_token_signed_response_alg: 'ES256' },
  cookies: { keys: [randomBytes(16).toString('hex')] },
  jwks: { keys: [generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' })] },
};

const [records, url] = process.argv.slice(2);
const server = createServer();
await new Promise((listens) => server.listen(0, '127.0.0.1', listens));
const provider = new Provider(`http://127.0.0.1:${server.address().port}`, CONFIGURATION);

// An answer is sent after its line was written: whoever holds a token finds its record.
const write = (line) => appendFileSync(records, `${JSON.stringify(line)}\n`);
const fingerprint = (value) => `sha256:${createHash('sha256').update(value).digest('hex')}`;
const time = (seconds) => new Date(seconds * 1000).toISOString();
const isJwt = (value) => value.includes('.');

// Writes the record of a token. An opaque token's `jti` is the token itself, which is never written.
async function issued(value, token, more = {}) {
  const told = isJwt(value) ? JSON.parse(Buffer.from(value.split('.')[1], 'base64url')) : await token.constructor.find(value);
  write({
    v: 1,
    fp: fingerprint(value),
    length: value.length,
    token_type: token.kind === 'RefreshToken' ? 'refresh_token' : 'access_token',
    iss: provider.issuer,
    jti: isJwt(value) ? told.jti : undefined,
    aud: token.aud ? [token.aud].flat() : undefined,
    scope: token.scope ? token.scope.split(' ') : undefined,
    issued_to: { client_id: token.clientId, user: token.accountId },
    family_id: token.grantId,
    issued_at: time(told.iat),
    expires_at: time(told.exp),
    ...more,
  });
}

const refreshed = (value, token, former) =>
  issued(value, token, { generation: token.rotations ?? 0, parent_fp: former && fingerprint(former.jti) });

// What `app` would hold after a login of this account: an access token and the first refresh token of a grant.
async function login({ account = 'ann', resource = 'https://jira.example/opaque' }) {
  const app = await provider.Client.find('app');
  const grant = new provider.Grant({ accountId: account, clientId: app.clientId });
  grant.addOIDCScope('offline_access');
  grant.addResourceScope(resource, SCOPE);
  const shared = { accountId: account, client: app, grantId: await grant.save(), gty: 'authorization_code' };
  const target = new provider.ResourceServer(resource, resourceServer(resource));
  const access = new provider.AccessToken({ ...shared, resourceServer: target, scope: SCOPE });
  const refresh = new provider.RefreshToken({ ...shared, resource, scope: `offline_access ${SCOPE}` });
  const [access_token, refresh_token] = [await access.save(), await refresh.save()];
  await issued(access_token, access);
  await refreshed(refresh_token, refresh);
  return { access_token, refresh_token };
}

provider.use(async (ctx, next) => {
  if (ctx.method === 'POST' && ctx.path === '/test/grant') {
    ctx.body = await login(ctx.query);
    return;
  }
  await next();
  if (ctx.oidc?.route !== 'token' || ctx.status !== 200) return;
  const { AccessToken, ClientCredentials, RefreshToken, RotatedRefreshToken } = ctx.oidc.entities;
  await issued(ctx.body.access_token, AccessToken ?? ClientCredentials);
  if (RefreshToken) await refreshed(ctx.body.refresh_token, RefreshToken, RotatedRefreshToken);
});

// Only what the provider keeps is consumed or destroyed: opaque tokens.
const fact = (event, target) => write({ event, target, at: new Date().toISOString() });
provider.on('refresh_token.consumed', (token) => fact('rotated', { key: fingerprint(token.jti) }));
for (const kind of ['access_token', 'client_credentials', 'refresh_token']) {
  provider.on(`${kind}.destroyed`, (token) => fact('revoked', { key: fingerprint(token.jti) }));
}
provider.on('grant.revoked', (_, family) => fact('revoked', { family }));
provider.on('server_error', (_, error) => console.error(error));

server.on('request', provider.callback());
await receiveWebhooks(dirname(records));
writeFileSync(url, `${provider.issuer}\n`);
