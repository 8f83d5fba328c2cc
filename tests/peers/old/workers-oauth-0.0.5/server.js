// An authorization server built with @cloudflare/workers-oauth-provider, as its guide for one Worker
// lays it out, under Node: the library answers metadata, registration, tokens, revocation and the
// API's gate; sign-in and consent are the application's. For versions before 0.2, which have other helpers.
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { register } from 'node:module';
import { Readable } from 'node:stream';

// The one import of the library that only workerd has; it is used to tell classes of handlers apart.
const WORKERS = 'export class WorkerEntrypoint { constructor(ctx, env) { this.ctx = ctx; this.env = env; } }';
const HOOKS = `export const resolve = (name, context, next) => name === 'cloudflare:workers'
  ? { url: 'data:text/javascript,${encodeURIComponent(WORKERS)}', shortCircuit: true }
  : next(name, context);`;
register(`data:text/javascript,${encodeURIComponent(HOOKS)}`);
const { OAuthProvider } = await import('@cloudflare/workers-oauth-provider');

const { PEER_ISSUER, PEER_CLIENTS, PEER_USERNAME, PEER_PASSWORD } = process.env;

// A KV namespace in memory: https://developers.cloudflare.com/kv/api/
const stored = new Map();
const kv = {
  async get(key, options) {
    const found = stored.get(key);
    if (!found || found.expires <= Date.now()) return null;
    return (options?.type ?? options) === 'json' ? JSON.parse(found.value) : found.value;
  },
  async put(key, value, { expiration, expirationTtl, metadata } = {}) {
    const ttl = expirationTtl === undefined ? Infinity : Date.now() + expirationTtl * 1000;
    stored.set(key, { value, metadata, expires: expiration === undefined ? ttl : expiration * 1000 });
  },
  async delete(key) {
    stored.delete(key);
  },
  async list({ prefix = '' } = {}) {
    const now = Date.now();
    const keys = [...stored].filter(([name, one]) => name.startsWith(prefix) && one.expires > now)
      .map(([name, { metadata }]) => ({ name, metadata }));
    return { keys, list_complete: true, cacheStatus: null };
  },
};
const env = { OAUTH_KV: kv };
const sessions = new Set();

const escape = (text) => String(text).replace(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`);
const html = (body, headers = new Headers(), status = 200) => {
  headers.set('Content-Type', 'text/html; charset=utf-8');
  headers.set('Content-Security-Policy', "frame-ancestors 'none'");
  return new Response(`<!doctype html>${body}`, { headers, status });
};
const same = (one, two) => createHash('sha256').update(String(one)).digest('hex')
  === createHash('sha256').update(String(two)).digest('hex');

function signedIn(request) {
  const sent = /(?:^|; )session=([\w-]+)/.exec(request.headers.get('Cookie') ?? '');
  return sessions.has(sent?.[1]);
}

async function login(request, url) {
  const form = request.method === 'POST' ? await request.formData() : new Map();
  if (form.get('username') === PEER_USERNAME && same(form.get('password'), PEER_PASSWORD)) {
    const id = randomBytes(24).toString('base64url');
    sessions.add(id);
    const headers = new Headers({
      Location: `/authorize${url.search}`,
      'Set-Cookie': `session=${id}; HttpOnly; SameSite=Lax; Path=/`,
    });
    return new Response(null, { status: 303, headers });
  }
  return html(`<title>Sign in</title><form method="post">
<label>User name <input name="username" autocomplete="username"></label>
<label>Password <input name="password" type="password"></label>
<button>Sign in</button></form>`);
}

async function consent(request, oauth) {
  const asked = await oauth.parseAuthRequest(request);
  const client = await oauth.lookupClient(asked.clientId);
  if (!client) return html('<title>Error</title><p>unknown client</p>', new Headers(), 400);
  return html(`<title>Allow access</title><p>${escape(client.clientName)} asks</p>
<form method="post"><button>Allow</button></form>`);
}

async function consented(request, oauth) {
  const asked = await oauth.parseAuthRequest(request);
  const { redirectTo } = await oauth.completeAuthorization({
    request: asked,
    userId: PEER_USERNAME,
    metadata: {},
    scope: asked.scope,
    props: { sub: PEER_USERNAME },
  });
  return Response.redirect(redirectTo, 302);
}

let oauth; // what the library hands to pages

const pages = {
  async fetch(request, { OAUTH_PROVIDER }) {
    oauth = OAUTH_PROVIDER;
    const url = new URL(request.url);
    if (url.pathname === '/login') return login(request, url);
    if (url.pathname !== '/authorize') return html('<title>Not found</title>', new Headers(), 404);
    try {
      if (!signedIn(request)) {
        await oauth.parseAuthRequest(request); // what is wrong is told before anybody signs in
        return Response.redirect(`${PEER_ISSUER}/login${url.search}`, 302);
      }
      return await (request.method === 'POST' ? consented : consent)(request, oauth);
    } catch (error) {
      return html(`<title>Error</title><p>${escape(error.message)}</p>`, new Headers(), 400);
    }
  },
};

const provider = new OAuthProvider({
  apiRoute: '/api',
  apiHandler: { fetch: (_request, _env, ctx) => Response.json({ sub: ctx.props.sub }) },
  defaultHandler: pages,
  authorizeEndpoint: '/authorize',
  tokenEndpoint: '/oauth/token',
  clientRegistrationEndpoint: '/oauth/register',
  scopesSupported: ['read', 'write', 'offline_access'],
});
const context = { waitUntil: (work) => work, passThroughOnException() {} };
await provider.fetch(new Request(PEER_ISSUER), env, context);

for (const row of JSON.parse(readFileSync(PEER_CLIENTS, 'utf8'))) {
  const made = await oauth.createClient({
    clientName: row.client_id,
    redirectUris: row.redirect_uris,
    grantTypes: row.grant_types,
    tokenEndpointAuthMethod: row.token_endpoint_auth_method,
  });
  // The library chooses identifiers; the peers have the same everywhere, so the record is renamed.
  const record = await kv.get(`client:${made.clientId}`, 'json');
  await kv.put(`client:${row.client_id}`, JSON.stringify({ ...record, clientId: row.client_id }));
  await kv.delete(`client:${made.clientId}`);
  if (row.client_secret) await oauth.updateClient(row.client_id, { clientSecret: row.client_secret });
}

async function answer(req, res) {
  const headers = new Headers();
  for (let i = 0; i < req.rawHeaders.length; i += 2) headers.append(req.rawHeaders[i], req.rawHeaders[i + 1]);
  const bodied = !['GET', 'HEAD'].includes(req.method);
  const body = bodied ? Readable.toWeb(req) : undefined;
  const request = new Request(new URL(req.url, PEER_ISSUER), { method: req.method, headers, body, duplex: 'half' });
  const given = await provider.fetch(request, env, context);
  const lines = [...given.headers].filter(([name]) => name !== 'set-cookie');
  res.writeHead(given.status, [
    ...lines.flat(),
    ...given.headers.getSetCookie().flatMap((line) => ['Set-Cookie', line]),
  ]);
  res.end(Buffer.from(await given.arrayBuffer()));
}

const { hostname, port } = new URL(PEER_ISSUER);
createServer((req, res) => {
  answer(req, res).catch((error) => {
    process.stderr.write(`${error.stack}\n`);
    if (!res.headersSent) res.writeHead(500);
    res.end();
  });
}).listen(Number(port), hostname);
