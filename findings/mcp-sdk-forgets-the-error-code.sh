#!/usr/bin/env bash
# Library: @modelcontextprotocol/sdk 1.32.2 (npm), its OAuth client.
#
# Expected: RFC 6749, sections 8.5 and 5.2. Extensions register error codes of their own, and a token
# endpoint answers with them in the same JSON object, for example `use_dpop_nonce` (RFC 9449, section 8)
# or `invalid_authorization_details` (RFC 9396, section 5). `error_description` is optional. A caller
# gets to see which code came, since it decides what to do next.
#
# Instead: a code that is not in the library's own list becomes a ServerError, whose errorCode is
# `server_error`: a code that RFC 6749 has for the authorization endpoint alone. Without a description
# the message is empty, so nothing is left of what the server said. A code of the list arrives whole.
set -u
folder=$(mktemp -d) || exit 2
trap 'rm -rf "$folder"' EXIT
npm install --prefix "$folder" --silent --no-audit --no-fund --ignore-scripts \
    @modelcontextprotocol/sdk@1.32.2 || exit 2

cat >"$folder/show.mjs" <<'SCRIPT'
import { exchangeAuthorization } from '@modelcontextprotocol/sdk/client/auth.js';

const issuer = 'https://as.example';
const metadata = {
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  response_types_supported: ['code'],
};

async function refusedWith(error) {
  const fetchFn = async () => new Response(JSON.stringify({ error }), {
    status: 400,
    headers: { 'content-type': 'application/json' },
  });
  try {
    await exchangeAuthorization(issuer, {
      metadata,
      clientInformation: { client_id: 'client', client_secret: 'secret' },
      authorizationCode: 'a-code',
      codeVerifier: 'v'.repeat(43),
      redirectUri: 'https://client.example/callback',
      fetchFn,
    });
    return 'granted';
  } catch (caught) {
    const whole = JSON.stringify([caught.message, caught.errorUri, String(caught.cause ?? '')]);
    const told = caught.errorCode === error || whole.includes(error);
    console.log(error.padEnd(30), caught.constructor.name.padEnd(18), caught.errorCode.padEnd(14),
      JSON.stringify(caught.message));
    return told ? 'told' : caught.errorCode;
  }
}

const seen = [];
for (const error of ['invalid_grant', 'use_dpop_nonce', 'invalid_authorization_details']) {
  seen.push(await refusedWith(error));
}
process.exitCode = seen.join() === 'told,server_error,server_error' ? 0 : 1;
SCRIPT
node "$folder/show.mjs"
