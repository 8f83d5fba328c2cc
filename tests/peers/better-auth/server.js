// An authorization server built with better-auth and its OAuth 2.1 provider, as their guides lay it
// out: the library answers everything under /api/auth; the sign-in and consent pages are the
// application's, and do by plain forms what the library's browser client does by script.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { Readable } from 'node:stream';
import { oauthProvider } from '@better-auth/oauth-provider';
import { LibsqlDialect } from '@libsql/kysely-libsql';
import { betterAuth } from 'better-auth';
import { getMigrations } from 'better-auth/db/migration';
import { jwt, username } from 'better-auth/plugins';

const { PEER_ISSUER, PEER_CLIENTS, PEER_USERNAME, PEER_PASSWORD } = process.env;
const { origin, pathname, hostname, port } = new URL(PEER_ISSUER);

const escape = (text) => String(text).replace(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`);
const page = (body, status = 200) => new Response(`<!doctype html>${body}`, {
  status,
  headers: { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': "frame-ancestors 'none'" },
});

// A database of another process answers after a while, and other requests are served meanwhile.
const WAIT = Number(process.env.PEER_DATABASE_MS ?? 0);
class SlowDialect extends LibsqlDialect {
  createDriver() {
    const driver = super.createDriver();
    const acquire = driver.acquireConnection.bind(driver);
    driver.acquireConnection = async () => {
      const connection = await acquire();
      const execute = connection.executeQuery.bind(connection);
      connection.executeQuery = async (query) => {
        await new Promise((resolve) => { setTimeout(resolve, WAIT); });
        return execute(query);
      };
      return connection;
    };
    return driver;
  }
}

const Dialect = WAIT ? SlowDialect : LibsqlDialect;

// Clients have the same identifiers and secrets at every peer.
let row;
// A database, as the adapter in memory does not hold identifiers apart, by which replays are found.
const auth = betterAuth({
  database: { dialect: new Dialect({ url: 'file:peer.db' }), type: 'sqlite' },
  baseURL: origin,
  basePath: pathname,
  secret: crypto.randomUUID() + crypto.randomUUID(),
  disabledPaths: ['/token'], // as the provider's guide asks: it belongs to the jwt plugin
  emailAndPassword: { enabled: true },
  rateLimit: { enabled: false }, // as outside production
  plugins: [
    jwt(),
    username(),
    oauthProvider({
      loginPage: '/sign-in',
      consentPage: '/consent',
      generateClientId: () => row.client_id,
      generateClientSecret: () => row.client_secret,
      clientPrivileges: () => true,
    }),
  ],
});
await (await getMigrations(auth.options)).runMigrations();

const signedUp = await auth.api.signUpEmail({
  body: { email: 'alice@app.example', name: 'Alice Example', username: PEER_USERNAME, password: PEER_PASSWORD },
  returnHeaders: true,
});
const cookie = signedUp.headers.getSetCookie().map((line) => line.split(';')[0]).join('; ');
for (row of JSON.parse(readFileSync(PEER_CLIENTS, 'utf8'))) {
  await auth.api.adminCreateOAuthClient({
    headers: new Headers({ Cookie: cookie }),
    body: {
      client_name: row.client_id,
      redirect_uris: row.redirect_uris,
      grant_types: row.grant_types,
      response_types: row.response_types,
      token_endpoint_auth_method: row.token_endpoint_auth_method,
      ...(row.jwks && { jwks: row.jwks }),
    },
  });
}

// What a form says goes to the library as its client would send it; its answer says where to go on.
async function forwarded(request, url, path, body) {
  const headers = new Headers({ 'Content-Type': 'application/json', Accept: 'application/json', Origin: origin });
  if (request.headers.has('Cookie')) headers.set('Cookie', request.headers.get('Cookie'));
  const sent = JSON.stringify({ ...body, oauth_query: url.search.slice(1) });
  const given = await auth.handler(new Request(PEER_ISSUER + path, { method: 'POST', headers, body: sent }));
  const told = await given.json();
  if (!given.ok || !told.url) return { refused: told.message ?? told.error ?? 'not possible' };
  const onward = new Headers({ Location: told.url });
  for (const line of given.headers.getSetCookie()) onward.append('Set-Cookie', line);
  return { answer: new Response(null, { status: 303, headers: onward }) };
}

async function signIn(request, url) {
  let told = '';
  if (request.method === 'POST') {
    const form = await request.formData();
    const body = { username: form.get('username'), password: form.get('password') };
    const { refused, answer } = await forwarded(request, url, '/sign-in/username', body);
    if (answer) return answer;
    told = `<p>${escape(refused)}</p>`;
  }
  return page(`<title>Sign in</title>${told}<form method="post">
<label>User name <input name="username" autocomplete="username"></label>
<label>Password <input name="password" type="password"></label>
<button>Sign in</button></form>`, told ? 401 : 200);
}

async function consent(request, url) {
  if (request.method === 'POST') {
    const form = await request.formData();
    const body = { accept: form.get('decision') === 'allow' };
    const { refused, answer } = await forwarded(request, url, '/oauth2/consent', body);
    return answer ?? page(`<title>Error</title><p>${escape(refused)}</p>`, 400);
  }
  return page(`<title>Allow access</title>
<p>${escape(url.searchParams.get('client_id'))} asks for ${escape(url.searchParams.get('scope'))}</p>
<form method="post"><button name="decision" value="allow">Allow</button>
<button name="decision" value="deny">Deny</button></form>`);
}

function respond(request) {
  const url = new URL(request.url);
  if (url.pathname === '/sign-in') return signIn(request, url);
  if (url.pathname === '/consent') return consent(request, url);
  return auth.handler(request); // its metadata at the root as well
}

async function answer(req, res) {
  const headers = new Headers();
  for (let i = 0; i < req.rawHeaders.length; i += 2) headers.append(req.rawHeaders[i], req.rawHeaders[i + 1]);
  const body = ['GET', 'HEAD'].includes(req.method) ? undefined : Readable.toWeb(req);
  const request = new Request(new URL(req.url, origin), { method: req.method, headers, body, duplex: 'half' });
  const given = await respond(request);
  const lines = [...given.headers].filter(([name]) => name !== 'set-cookie');
  res.writeHead(given.status, [
    ...lines.flat(),
    ...given.headers.getSetCookie().flatMap((line) => ['Set-Cookie', line]),
  ]);
  res.end(Buffer.from(await given.arrayBuffer()));
}

createServer((req, res) => {
  answer(req, res).catch((error) => {
    process.stderr.write(`${error.stack}\n`);
    if (!res.headersSent) res.writeHead(500);
    res.end();
  });
}).listen(Number(port), hostname);
