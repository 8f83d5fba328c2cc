#!/usr/bin/env bash
# Library: oauth4webapi 3.8.8 (npm), on which openid-client is built.
#
# Expected: RFC 6749, section 5.2. A refusal names its reason in the `error` member of the JSON body. If
# the client had used the Authorization header, a server that answers `invalid_client` MUST answer with
# 401 and a WWW-Authenticate header. The library has an error class for such bodies, ResponseBodyError,
# whose `error` property is the code; one would expect it for the very answer that section describes.
#
# Instead: the header is looked at first, and once it is there the body is not read. What is thrown is a
# WWWAuthenticateChallengeError whose `error` is undefined, and `invalid_client` appears nowhere in it;
# a caller has to take the response out of it and read the body without help. A server that leaves out
# the header, which it must not, is reported better: there the same body gives `invalid_client`.
set -u
folder=$(mktemp -d) || exit 2
trap 'rm -rf "$folder"' EXIT
npm install --prefix "$folder" --silent --no-audit --no-fund --ignore-scripts \
    oauth4webapi@3.8.8 || exit 2

cat >"$folder/show.mjs" <<'SCRIPT'
import * as oauth from 'oauth4webapi';

const server = { issuer: 'https://server.example', token_endpoint: 'https://server.example/token' };
const client = { client_id: 'client' };

/** Answer a token request with 401 and `invalid_client`, and return what the library throws. */
async function thrown(headers) {
  const answer = async () => new Response(JSON.stringify({ error: 'invalid_client' }), {
    status: 401,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
  });
  const response = await oauth.clientCredentialsGrantRequest(
    server, client, oauth.ClientSecretBasic('wrong'), {}, { [oauth.customFetch]: answer },
  );
  try {
    await oauth.processClientCredentialsResponse(server, client, response);
  } catch (error) {
    return error;
  }
  return undefined;
}

const asRequired = await thrown({ 'www-authenticate': 'Basic realm="server"' });
const withoutHeader = await thrown({});
console.log('with WWW-Authenticate, as required:', asRequired?.name, '| error:', asRequired?.error);
console.log('  message:', asRequired?.message);
console.log('  cause:', JSON.stringify(asRequired?.cause));
console.log('  body, read from its response:', await asRequired?.response.text());
console.log('without the header:', withoutHeader?.name, '| error:', withoutHeader?.error);
const told = `${asRequired?.message} ${JSON.stringify(asRequired?.cause)}`;
const there = asRequired instanceof oauth.WWWAuthenticateChallengeError
  && asRequired.error === undefined && !told.includes('invalid_client')
  && withoutHeader instanceof oauth.ResponseBodyError && withoutHeader.error === 'invalid_client';
process.exitCode = there ? 0 : 1;
SCRIPT
node "$folder/show.mjs"
