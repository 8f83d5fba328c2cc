#!/usr/bin/env bash
# Library: @better-auth/oauth-provider 1.7.5 with better-auth 1.7.5 (npm), on SQLite by
# @libsql/kysely-libsql 0.4.1.
#
# Expected: RFC 6749, section 6. A refresh may ask for less scope than was granted; one that names no
# scope is treated as if it asked for the scope originally granted. "If a new refresh token is issued,
# the refresh token scope MUST be identical to that of the refresh token included by the client in the
# request." So less scope is a matter of that one access token, and the next refresh has the whole again.
#
# Instead: the new refresh token is stored with the scope of the new access token, and the old one is dead.
# After one refresh for less, a refresh without a scope gives that little, and what the user granted is
# `invalid_scope`. If what was asked for left out `offline_access`, a refresh token still comes, and none
# with the refresh after it.
set -u
folder=$(mktemp -d) || exit 2
trap 'rm -rf "$folder"' EXIT
npm install --prefix "$folder" --silent --no-audit --no-fund --ignore-scripts \
    better-auth@1.7.5 @better-auth/oauth-provider@1.7.5 @better-auth/core@1.7.5 \
    @better-auth/utils@0.4.2 @better-fetch/fetch@1.3.2 better-call@1.4.0 \
    @libsql/kysely-libsql@0.4.1 || exit 2

cat >"$folder/show.mjs" <<'SCRIPT'
import { createHash, randomBytes } from 'node:crypto';
import { oauthProvider } from '@better-auth/oauth-provider';
import { LibsqlDialect } from '@libsql/kysely-libsql';
import { betterAuth } from 'better-auth';
import { getMigrations } from 'better-auth/db/migration';
import { jwt } from 'better-auth/plugins';

const ISSUER = 'http://localhost:3000/api/auth';
const CALLBACK = 'https://client.example/callback';
const WHOLE = 'openid profile offline_access';

// The library answers requests in this process: one user, signed in, and one client that needs no consent.
const auth = betterAuth({
  baseURL: 'http://localhost:3000',
  secret: randomBytes(32).toString('hex'),
  database: { dialect: new LibsqlDialect({ url: `file:${process.argv[2]}` }), type: 'sqlite' },
  emailAndPassword: { enabled: true },
  disabledPaths: ['/token'],
  telemetry: { enabled: false },
  plugins: [jwt(), oauthProvider({ loginPage: '/sign-in', consentPage: '/consent' })],
});
await (await getMigrations(auth.options)).runMigrations();
const user = await auth.api.signUpEmail({
  body: { email: 'alice@client.example', name: 'Alice', password: 'a-password-of-hers' },
  returnHeaders: true,
});
const session = new Headers({ Cookie: user.headers.getSetCookie().map((one) => one.split(';')[0]).join('; ') });
const client = await auth.api.adminCreateOAuthClient({
  headers: session,
  body: { redirect_uris: [CALLBACK], grant_types: ['authorization_code', 'refresh_token'], skip_consent: true },
});

async function token(form) {
  const secret = Buffer.from(`${client.client_id}:${client.client_secret}`).toString('base64');
  const answer = await auth.handler(new Request(`${ISSUER}/oauth2/token`, {
    method: 'POST',
    headers: { Authorization: `Basic ${secret}` },
    body: new URLSearchParams(form),
  }));
  return { status: answer.status, ...await answer.json() };
}

/** The tokens of a new grant of the whole scope, by the authorization code grant with PKCE. */
async function granted() {
  const verifier = randomBytes(32).toString('base64url');
  const asked = new URLSearchParams({
    response_type: 'code', client_id: client.client_id, redirect_uri: CALLBACK, scope: WHOLE, state: 'a-state',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256',
  });
  const answer = await auth.handler(new Request(`${ISSUER}/oauth2/authorize?${asked}`, { headers: session }));
  const code = new URL(answer.headers.get('Location')).searchParams.get('code');
  return token({ grant_type: 'authorization_code', code, redirect_uri: CALLBACK, code_verifier: verifier });
}

const refreshed = (before, scope) => token({
  grant_type: 'refresh_token', refresh_token: before.refresh_token, ...(scope && { scope }),
});
const told = (words, { status, error, scope, refresh_token: next }) => console.log(
  `${words}: ${status} ${error ?? `scope "${scope}", ${next ? 'a' : 'no'} refresh token`}`,
);

const first = await granted();
told('the grant', first);
told('  refresh without a scope', await refreshed(first));

const second = await granted();
const less = await refreshed(second, 'openid offline_access');
const again = await refreshed(less, WHOLE);
const silent = await refreshed(less);
told('the grant again', second);
told('  refresh for less', less);
told('  then, for the whole', again);
told('  then, without a scope', silent);

const third = await granted();
const online = await refreshed(third, 'openid profile');
const last = await refreshed(online);
told('the grant again', third);
told('  refresh for less, without offline_access', online);
told('  then, without a scope', last);
const replaced = await refreshed(second);
told('the refresh token of the second grant, once more', replaced);

const there = second.scope === WHOLE && less.status === 200 && less.refresh_token
  && again.error === 'invalid_scope' && silent.scope === 'openid offline_access'
  && replaced.error === 'invalid_grant' && third.scope === WHOLE && online.refresh_token
  && last.status === 200 && last.scope === 'openid profile' && !last.refresh_token;
process.exitCode = there ? 0 : 1;
SCRIPT
node "$folder/show.mjs" "$folder/show.db"
