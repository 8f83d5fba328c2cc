#!/usr/bin/env bash
# Library: simple-oauth2 5.1.0 (npm).
#
# Expected: RFC 6749, section 6. A server that refreshes an access token MAY issue a new refresh token
# as well; in that case the client MUST discard the old one and use the new one. A server that does not
# rotate refresh tokens leaves the member out (it is OPTIONAL: section 5.1), and the client goes on with
# the one it has.
#
# Instead: the token that `refresh()` returns has a `refresh_token` that is undefined. The old one is
# looked up on the wrong object, found missing there, and that is written down. The first refresh works.
# The second sends `refresh_token=` with nothing behind it, so with such a server every session ends
# with the second access token, and nothing is said until then.
set -u
folder=$(mktemp -d) || exit 2
trap 'rm -rf "$folder"' EXIT
npm install --prefix "$folder" --silent --no-audit --no-fund --ignore-scripts \
    simple-oauth2@5.1.0 || exit 2

cat >"$folder/show.cjs" <<'SCRIPT'
const http = require('node:http');
const { AuthorizationCode } = require('simple-oauth2');

// A token endpoint that issues a refresh token for the code and keeps it valid, without rotation.
const sent = [];
const server = http.createServer((request, response) => {
  let body = '';
  request.on('data', (part) => { body += part; });
  request.on('end', () => {
    const form = new URLSearchParams(body);
    sent.push(form.get('refresh_token'));
    const token = { access_token: `access-${sent.length}`, token_type: 'Bearer', expires_in: 60 };
    if (form.get('grant_type') === 'authorization_code') token.refresh_token = 'the-only-one';
    response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' });
    response.end(JSON.stringify(token));
  });
});

server.listen(0, '127.0.0.1', async () => {
  const client = new AuthorizationCode({
    client: { id: 'client', secret: 'secret' },
    auth: { tokenHost: `http://127.0.0.1:${server.address().port}`, tokenPath: '/token' },
  });
  const redirect = 'https://client.example/callback';
  const first = await client.getToken({ code: 'a-code', redirect_uri: redirect });
  const second = await first.refresh();
  await second.refresh();
  server.close();

  console.log('refresh token after the code was redeemed:', first.token.refresh_token);
  console.log('refresh token after the first refresh:    ', second.token.refresh_token);
  console.log('sent with the first refresh: ', JSON.stringify(sent[1]));
  console.log('sent with the second refresh:', JSON.stringify(sent[2]));
  const there = first.token.refresh_token === 'the-only-one' && sent[1] === 'the-only-one'
    && second.token.refresh_token === undefined && sent[2] === '';
  process.exitCode = there ? 0 : 1;
});
SCRIPT
node "$folder/show.cjs"
