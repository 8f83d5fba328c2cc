#!/usr/bin/env bash
# Library: @better-auth/oauth-provider 1.7.5 with better-auth 1.7.5 (npm), on SQLite by
# @libsql/kysely-libsql 0.4.1.
#
# Expected: RFC 7009, section 2.2. "The authorization server responds with HTTP status code 200 if the
# token has been revoked successfully or if the client submitted an invalid token." The section says why:
# the client has nothing to do about such an error, and the token is as dead as it should be.
#
# Instead: a token that was never issued, and a refresh or access token that is revoked already, are
# answered with 400 `invalid_request`. A client that revokes at sign-out, loses the answer and asks once
# more is told that it failed. The source means to answer 200: it looks for the `name` BAD_REQUEST at the
# error it caught, whose `name` is always APIError; BAD_REQUEST is its `status`. A review comment at the
# pull request of the endpoint asked for 200 (https://github.com/better-auth/better-auth/pull/4163).
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

/** Send a form to an endpoint of the library as the client. */
async function asked(endpoint, form) {
  const secret = Buffer.from(`${client.client_id}:${client.client_secret}`).toString('base64');
  const answer = await auth.handler(new Request(`${ISSUER}/oauth2/${endpoint}`, {
    method: 'POST',
    headers: { Authorization: `Basic ${secret}` },
    body: new URLSearchParams(form),
  }));
  const body = await answer.text();
  return { status: answer.status, ...(body && JSON.parse(body)) };
}

/** The tokens of a new grant, by the authorization code grant with PKCE. */
async function granted() {
  const verifier = randomBytes(32).toString('base64url');
  const query = new URLSearchParams({
    response_type: 'code', client_id: client.client_id, redirect_uri: CALLBACK, state: 'a-state',
    scope: 'openid offline_access',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256',
  });
  const answer = await auth.handler(new Request(`${ISSUER}/oauth2/authorize?${query}`, { headers: session }));
  const code = new URL(answer.headers.get('Location')).searchParams.get('code');
  return asked('token', {
    grant_type: 'authorization_code', code, redirect_uri: CALLBACK, code_verifier: verifier,
  });
}

const seen = [];
async function revoked(words, token) {
  const { status, error } = await asked('revoke', { token });
  seen.push(status);
  console.log(`revoke ${words}: ${status}${error ? ` ${error}` : ''}`);
}

const first = await granted();
await revoked('a refresh token', first.refresh_token);
await revoked('the same refresh token again', first.refresh_token);
const second = await granted();
await revoked('an access token', second.access_token);
await revoked('the same access token again', second.access_token);
await revoked('a token that was never issued', randomBytes(24).toString('base64url'));
const there = seen.join() === '200,400,200,400,400';
process.exitCode = there ? 0 : 1;
SCRIPT
node "$folder/show.mjs" "$folder/show.db"
