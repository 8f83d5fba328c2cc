// An OpenID provider built with oidc-provider: the package's own sign-in and consent pages
// (`devInteractions`), its own in-memory adapter and its default policies. What is set here is what
// its documentation asks every user to set: keys, clients, accounts and their claims. Beyond that,
// PKCE is asked of every client, DPoP server nonces are a switch, and token introspection, revocation
// and client registration are on.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';

import Provider from 'oidc-provider';

const {
  PEER_ISSUER, PEER_CLIENTS, PEER_USERNAME, PEER_SECOND_USERNAME, PEER_DPOP_NONCE,
} = process.env;

const profile = (name) => ({
  name: `${name} Example`,
  email: `${name}@app.example`,
  email_verified: true,
  'https://app.example/roles': ['reader'],
});
const accounts = new Map(
  [PEER_USERNAME, PEER_SECOND_USERNAME].map((name) => [name, profile(name)]),
);

function findAccount(ctx, accountId) {
  const told = accounts.get(accountId);
  return told && { accountId, claims: () => ({ sub: accountId, ...told }) };
}

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

const provider = new Provider(PEER_ISSUER, {
  clients: JSON.parse(readFileSync(PEER_CLIENTS, 'utf8')),
  claims: {
    openid: ['sub', 'https://app.example/roles'],
    profile: ['name'],
    email: ['email', 'email_verified'],
  },
  cookies: { keys: [randomBytes(32).toString('base64url')] },
  features: {
    devInteractions: { enabled: true },
    dPoP: PEER_DPOP_NONCE
      ? { enabled: true, nonceSecret: randomBytes(32), requireNonce: () => true }
      : { enabled: true },
    introspection: { enabled: true },
    registration: { enabled: true },
    registrationManagement: { enabled: true },
    revocation: { enabled: true },
  },
  findAccount,
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256' }] },
  pkce: { required: () => true },
});

const { hostname, port } = new URL(PEER_ISSUER);
provider.listen(Number(port), hostname);
