// What the members of headers and claims mean.

export const HEADER = {
  __proto__: null,
  alg: "the algorithm",
  enc: "how the content is encrypted",
  typ: "what kind of token it is",
  cty: "what its content is",
  kid: "which key it is made with",
  crit: "members that a verifier must understand",
  zip: "the content is compressed",
  jwk: "a key that the token brings along: only a DPoP proof may",
  jku: "where its keys are, says the token: verifiers must not believe it",
  x5u: "where its certificate is, says the token: verifiers must not believe it",
  x5c: "certificates of its key",
  x5t: "the SHA-1 thumbprint of a certificate",
  "x5t#S256": "the thumbprint of a certificate",
  b64: "whether the payload is in base64url (RFC 7797)",
  epk: "the sender's one-time public key",
  apu: "about the sender",
  apv: "about the recipient",
  p2s: "the salt of the password",
  p2c: "how often the password is hashed",
  iv: "used to wrap the content key",
  tag: "used to wrap the content key",
};

export const TYPES = {
  __proto__: null,
  jwt: "a JSON Web Token of no particular kind",
  "at+jwt": "an access token (RFC 9068)",
  "rt+jwt": "a refresh token of Jeton",
  "dpop+jwt": "a DPoP proof (RFC 9449)",
  "logout+jwt": "a logout token (OpenID Connect Back-Channel Logout)",
  "secevent+jwt": "a security event (RFC 8417)",
  "oauth-authz-req+jwt": "a request object (RFC 9101)",
  "token-introspection+jwt": "an introspection response (RFC 9701)",
  "statuslist+jwt": "a status list",
  "client-authentication+jwt": "a client's assertion",
  "dc+sd-jwt": "a verifiable credential (SD-JWT)",
  "vc+sd-jwt": "a verifiable credential (SD-JWT)",
  "example+sd-jwt": "an SD-JWT",
  "kb+jwt": "a proof of the holder (key binding)",
};

export const CLAIMS = {
  __proto__: null,
  iss: "issuer: who made the token",
  sub: "subject: whom it is about",
  aud: "audience: whom it is for",
  exp: "expires",
  nbf: "not valid before",
  iat: "issued",
  jti: "the token's own identifier",
  azp: "authorized party: the client it was issued to",
  client_id: "the client it was issued to",
  scope: "what it allows",
  nonce: "ties it to one request",
  sid: "the session",
  auth_time: "when the user signed in",
  acr: "how strongly the user signed in",
  amr: "how the user signed in",
  at_hash: "hash of the access token beside it",
  c_hash: "hash of the code beside it",
  s_hash: "hash of the state beside it",
  name: "full name",
  given_name: "given name",
  family_name: "family name",
  middle_name: "middle name",
  nickname: "nickname",
  preferred_username: "what the user likes to be called: not unique",
  profile: "profile page",
  picture: "picture",
  website: "web site",
  email: "e-mail address",
  email_verified: "whether the address was checked",
  gender: "gender",
  birthdate: "birthday",
  zoneinfo: "time zone",
  locale: "language",
  phone_number: "telephone number",
  phone_number_verified: "whether the number was checked",
  address: "postal address",
  updated_at: "when these details last changed",
  roles: "roles",
  groups: "groups",
  entitlements: "entitlements",
  cnf: "confirmation: bound to a key, so a copy alone is of no use",
  act: "actor: who acts for the subject",
  may_act: "who may act for the subject",
  events: "what happened",
  toe: "when it happened",
  txn: "the transaction",
  authorization_details: "what it allows, in detail (RFC 9396)",
  status: "where to ask whether it is still good",
  htm: "method of the request",
  htu: "address of the request",
  ath: "hash of the access token it comes with",
  sd_hash: "hash of the presentation it belongs to",
  vct: "kind of the credential",
  _sd: "digests of claims that may be disclosed",
  _sd_alg: "hash function of the digests",
  token_type: "kind of the token, for simplejwt",
  user_id: "the user, for simplejwt",
  grant: "the grant it belongs to",
  gen: "how often the refresh token was exchanged",
};

/** The claims that are times. */
export const TIMES = ["exp", "nbf", "iat", "auth_time", "updated_at", "toe"];

const CONFIRMATIONS = {
  __proto__: null,
  jkt: "a request with it needs a DPoP proof by the key with this thumbprint",
  "x5t#S256": "it is accepted only over TLS with the client certificate of this thumbprint",
  jwk: "its holder proves to have this key",
  kid: "its holder proves to have the key of this name",
};

const EVENTS = {
  __proto__: null,
  "http://schemas.openid.net/event/backchannel-logout": "the user signed out",
  "https://schemas.openid.net/secevent/caep/event-type/session-revoked": "a session ended",
  "https://schemas.openid.net/secevent/caep/event-type/credential-change": "a credential changed",
  "https://schemas.openid.net/secevent/risc/event-type/account-disabled": "an account was disabled",
};

/** What the value of a claim says, beyond the claim's name. */
export function inWords(name, value) {
  if (name === "cnf") return Object.keys(value ?? {}).map((kind) => CONFIRMATIONS[kind]).filter(Boolean).join("; ");
  if (name === "events") return Object.keys(value ?? {}).map((uri) => EVENTS[uri]).filter(Boolean).join("; ");
  if (name === "act") return chain(value);
  return "";
}

function chain(actor) {
  const names = [];
  for (let one = actor; one && names.length < 32; one = one.act) names.push(one.sub ?? one.client_id ?? "someone");
  return names.length ? `${names[0]} acts${names.slice(1).map((name) => `, for whom ${name} acted`).join("")}` : "";
}

/** A `typ` without what does not count (RFC 7515 §4.1.9). */
export const shortType = (typ) => String(typ).toLowerCase().replace(/^application\/(?!.*\/)/, "");
