// An authorization server built with @node-oauth/oauth2-server: the library answers /authorize and
// /token; the model is the one its documentation describes, in memory. What is the application's
// part is kept plain: a sign-in form, a consent form, and node:http around the library.
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { parse } from 'node:querystring';

import OAuth2Server from '@node-oauth/oauth2-server';

const { PEER_ISSUER, PEER_CLIENTS, PEER_USERNAME, PEER_PASSWORD } = process.env;

const clients = new Map(JSON.parse(readFileSync(PEER_CLIENTS, 'utf8')).map((client) => [
  client.client_id,
  {
    id: client.client_id,
    secret: client.client_secret,
    redirectUris: client.redirect_uris,
    grants: client.grant_types,
  },
]));
const codes = new Map();
const tokens = new Map(); // by access token and by refresh token
const sessions = new Map();

function same(given, expected) {
  const [one, two] = [Buffer.from(String(given)), Buffer.from(String(expected))];
  return one.length === two.length && timingSafeEqual(one, two);
}

const model = {
  async getClient(clientId, clientSecret) {
    const client = clients.get(clientId);
    if (!client || (clientSecret && !same(clientSecret, client.secret))) return null;
    return client;
  },
  async saveAuthorizationCode(code, client, user) {
    const saved = { ...code, client, user };
    codes.set(code.authorizationCode, saved);
    return saved;
  },
  async getAuthorizationCode(value) {
    return codes.get(value);
  },
  async revokeAuthorizationCode(code) {
    return codes.delete(code.authorizationCode);
  },
  async saveToken(token, client, user) {
    const saved = { ...token, client, user };
    tokens.set(token.accessToken, saved);
    if (token.refreshToken) tokens.set(token.refreshToken, saved);
    return saved;
  },
  async getAccessToken(value) {
    const token = tokens.get(value);
    return token?.accessToken === value ? token : null;
  },
  async getRefreshToken(value) {
    const token = tokens.get(value);
    return token?.refreshToken === value ? token : null;
  },
  async revokeToken(token) {
    return tokens.delete(token.refreshToken);
  },
  async validateScope(_user, _client, scope) {
    return scope?.every((one) => ['read', 'write'].includes(one)) ? scope : false;
  },
};

const oauth = new OAuth2Server({
  model,
  requireClientAuthentication: { refresh_token: false }, // public clients refresh as well
});

const page = (title, body) => `<!doctype html><title>${title}</title>
<form method="post">${body}</form>`;
const LOGIN = page('Sign in', `
<label>User name <input name="username" autocomplete="username"></label>
<label>Password <input name="password" type="password"></label>
<button>Sign in</button>`);
const CONSENT = page('Allow access', `
<button name="allowed" value="false">Deny</button>
<button name="allowed" value="true">Allow</button>`);

function show(res, html, status = 200) {
  res.writeHead(status, { 'Content-Type': 'text/html; charset=utf-8' }).end(html);
}

function redirect(res, location, headers = {}) {
  res.writeHead(302, { Location: location, ...headers }).end();
}

function session(req) {
  const sent = /(?:^|; )session=([\w-]+)/.exec(req.headers.cookie ?? '');
  return sessions.get(sent?.[1]);
}

function login(req, res, url, body) {
  if (req.method !== 'POST') return show(res, LOGIN);
  if (body.username !== PEER_USERNAME || !same(body.password, PEER_PASSWORD)) {
    return show(res, LOGIN);
  }
  const id = randomBytes(24).toString('base64url');
  sessions.set(id, { user: { id: PEER_USERNAME }, consents: new Set() });
  const back = `/authorize?${url.searchParams.get('back') ?? ''}`;
  return redirect(res, back, { 'Set-Cookie': `session=${id}; HttpOnly; SameSite=Lax; Path=/` });
}

async function library(req, res, url, body, act) {
  const request = new OAuth2Server.Request({
    method: req.method,
    headers: req.headers,
    query: parse(url.search.slice(1)),
    body,
  });
  const response = new OAuth2Server.Response(res);
  try {
    await act(request, response);
  } catch (error) {
    if (!response.get('location')) {
      response.status = error.code ?? 500;
      response.body = { error: error.name, error_description: error.message };
    }
  }
  const headers = { ...response.headers };
  const text = response.body === undefined ? '' : JSON.stringify(response.body);
  if (text && text !== '{}') headers['content-type'] = 'application/json';
  res.writeHead(response.status ?? 200, headers).end(text === '{}' ? '' : text);
}

async function authorize(req, res, url, body) {
  const client = clients.get(url.searchParams.get('client_id'));
  const asked = url.searchParams.get('redirect_uri');
  const signedIn = session(req);
  // who may be redirected to is the library's to say; a page is shown to users of known requests
  const shown = client && (!asked || client.redirectUris.includes(asked));
  if (shown && !signedIn) return redirect(res, `/login?back=${encodeURIComponent(url.search.slice(1))}`);
  if (shown && body.allowed) {
    if (body.allowed === 'true') signedIn.consents.add(client.id);
  } else if (shown && !signedIn.consents.has(client.id)) {
    return show(res, CONSENT);
  }
  const authenticateHandler = { handle: () => signedIn?.user };
  return library(req, res, url, body, (request, response) =>
    oauth.authorize(request, response, { authenticateHandler }));
}

async function answer(req, res) {
  const url = new URL(req.url, PEER_ISSUER);
  const pieces = [];
  for await (const piece of req) pieces.push(piece);
  const isForm = /^application\/x-www-form-urlencoded/i.test(req.headers['content-type'] ?? '');
  const body = isForm ? { ...parse(Buffer.concat(pieces).toString()) } : {};
  if (url.pathname === '/login') return login(req, res, url, body);
  if (url.pathname === '/authorize') return authorize(req, res, url, body);
  if (url.pathname === '/token') {
    return library(req, res, url, body, (request, response) => oauth.token(request, response));
  }
  return show(res, 'not found', 404);
}

const { hostname, port } = new URL(PEER_ISSUER);
createServer((req, res) => {
  answer(req, res).catch((error) => {
    process.stderr.write(`${error.stack}\n`);
    res.writeHead(500).end();
  });
}).listen(Number(port), hostname);
