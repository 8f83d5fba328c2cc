#!/usr/bin/env bash
# Library: @badgateway/oauth2-client 3.3.1 (npm).
#
# Expected: RFC 9110, section 8.3.1. The names of a media type are compared without regard to case, so
# `Application/JSON` declares the same token response as `application/json` does (RFC 6749, section 5.1).
#
# Instead: the library looks for the lower-case text at the beginning of the field. Any other spelling
# is taken for a body that is no JSON; a token response ends in a TypeError about an invalid response
# when the code is spent already, and an error response loses its error code.
set -u
folder=$(mktemp -d) || exit 2
trap 'rm -rf "$folder"' EXIT
npm install --prefix "$folder" --silent --no-audit --no-fund --ignore-scripts \
    @badgateway/oauth2-client@3.3.1 || exit 2

cat >"$folder/show.mjs" <<'SCRIPT'
import { OAuth2Client } from '@badgateway/oauth2-client';

const GRANT = { access_token: 'a-token', token_type: 'Bearer', expires_in: 60 };
const REFUSAL = { error: 'invalid_grant' };
console.error = console.warn = () => {};

async function outcome(status, body, type) {
  const client = new OAuth2Client({
    server: 'https://as.example/',
    clientId: 'client',
    tokenEndpoint: '/token',
    fetch: async () => new Response(JSON.stringify(body), { status, headers: { 'content-type': type } }),
  });
  try {
    const token = await client.authorizationCode.getToken({
      code: 'a-code',
      redirectUri: 'https://client.example/callback',
    });
    return `granted ${token.accessToken}`;
  } catch (error) {
    return `${error.constructor.name} ${error.message}`;
  }
}

const seen = {};
for (const type of ['application/json', 'Application/JSON']) {
  seen[type] = [await outcome(200, GRANT, type), await outcome(400, REFUSAL, type)];
  console.log(type);
  for (const line of seen[type]) console.log('  ', line);
}
const [lower, other] = Object.values(seen);
const there = lower[0] === 'granted a-token' && lower[1].includes('invalid_grant')
  && other[0].startsWith('TypeError') && !other[1].includes('invalid_grant');
process.exitCode = there ? 0 : 1;
SCRIPT
node "$folder/show.mjs"
