// Keys and certificates in PEM, as JWKs.
import { Flaw, Unable, concat, same, subtle, toHex } from "./encoding.js";

const RSA = "2a864886f70d010101";
const RSA_PSS = "2a864886f70d01010a";
const EC = "2a8648ce3d0201";
const CURVES = { "2a8648ce3d030107": "P-256", "2b81040022": "P-384", "2b81040023": "P-521" };
const OKP = { "2b6570": "Ed25519", "2b656e": "X25519" };
const bytesOf = (hex) => Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));

/** One element of DER: its tag, its content, and all of it. */
function element(bytes, at = 0) {
  let [length, start] = [bytes[at + 1], at + 2];
  if (length > 0x80) {
    const count = length & 0x7f;
    length = bytes.slice(start, start + count).reduce((sum, byte) => sum * 256 + byte, 0);
    start += count;
  }
  const end = start + length;
  if (!(end <= bytes.length)) throw new Flaw("key_der", "The DER in the PEM is cut off or broken.");
  return { tag: bytes[at], content: bytes.slice(start, end), whole: bytes.slice(at, end), end };
}

function children(bytes) {
  const all = [];
  for (let at = 0; at < bytes.length; ) {
    const child = element(bytes, at);
    all.push(child);
    at = child.end;
  }
  return all;
}

function der(tag, ...contents) {
  const content = concat(...contents);
  const length = content.length < 128 ? [content.length] : content.length < 256 ? [0x81, content.length] : [0x82, content.length >> 8, content.length & 255];
  return concat(Uint8Array.of(tag, ...length), content);
}

const rsaIdentifier = der(0x30, der(6, bytesOf(RSA)), Uint8Array.of(5, 0));
const version = Uint8Array.of(2, 1, 0);

/** The JWK in a PEM text, which may be a key or a certificate. */
export async function jwkOfPem(text) {
  const found = /-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \1-----/.exec(text);
  if (!found) throw new Flaw("key_pem", "This is not PEM: the BEGIN and the END line do not match, or one of them is missing.");
  const [, label, body] = found;
  if (label.includes("ENCRYPTED") || /Proc-Type/.test(body)) throw new Flaw("key_encrypted", "The key is protected with a passphrase: remove it with openssl pkey -in FILE -out FILE.");
  let bytes;
  try {
    bytes = Uint8Array.from(atob(body.replace(/\s+/g, "")), (letter) => letter.charCodeAt(0));
  } catch {
    throw new Flaw("key_pem", "What stands between the BEGIN and the END line is not base64.");
  }
  const outer = element(bytes);
  switch (label) {
    case "PUBLIC KEY":
      return fromSpki(outer);
    case "CERTIFICATE":
      return fromSpki(keyOfCertificate(outer));
    case "RSA PUBLIC KEY":
      return fromSpki(element(der(0x30, rsaIdentifier, der(3, Uint8Array.of(0), outer.whole))));
    case "PRIVATE KEY":
      return fromPkcs8(outer);
    case "RSA PRIVATE KEY":
      return fromPkcs8(element(der(0x30, version, rsaIdentifier, der(4, outer.whole))));
    case "EC PRIVATE KEY": {
      const curve = children(outer.content).find((child) => child.tag === 0xa0);
      if (curve) return fromPkcs8(element(der(0x30, version, der(0x30, der(6, bytesOf(EC)), curve.content), der(4, outer.whole))));
    }
  }
  throw new Flaw("key_der", `A “${label}” is no key or certificate that is known here.`);
}

/** The public key in a certificate (RFC 5280 §4.1): it follows the subject. */
function keyOfCertificate(certificate) {
  const fields = children(element(certificate.content).content);
  const key = fields[fields[0]?.tag === 0xa0 ? 6 : 5];
  if (!key) throw new Flaw("certificate_malformed", "The certificate has no public key.");
  return key;
}

/** How WebCrypto calls the algorithm of a key, and for an RSA-PSS key the key as a plain RSA key. */
function algorithm(identifier) {
  const [oid, parameters] = children(identifier.content).map((child) => toHex(child.content));
  if (oid === RSA || oid === RSA_PSS) return { name: "RSA-OAEP", hash: "SHA-256" };
  if (oid === EC && CURVES[parameters]) return { name: "ECDH", namedCurve: CURVES[parameters] };
  if (OKP[oid]) return { name: OKP[oid] };
  throw new Flaw("key_unsupported", "Keys of this kind or curve are not supported.");
}

const asRsa = (spki, name) => (name === "RSA-OAEP" ? rsaIdentifier : spki.whole);

async function fromSpki(spki) {
  const [identifier, key] = children(spki.content);
  const name = algorithm(identifier);
  return jwkOf("spki", der(0x30, asRsa(identifier, name.name), key.whole), name, { "RSA-OAEP": ["encrypt"], Ed25519: ["verify"] });
}

async function fromPkcs8(pkcs8) {
  const [number, identifier, key] = children(pkcs8.content);
  if (!same(number.whole.slice(0, 2), version.slice(0, 2))) throw new Flaw("key_der", "This is not a private key in PKCS#8.");
  const name = algorithm(identifier);
  const usages = { "RSA-OAEP": ["decrypt"], Ed25519: ["sign"], ECDH: ["deriveBits"], X25519: ["deriveBits"] };
  return jwkOf("pkcs8", der(0x30, number.whole, asRsa(identifier, name.name), key.whole), name, usages);
}

async function jwkOf(format, bytes, name, usages) {
  try {
    const key = await subtle().importKey(format, bytes, name, true, usages[name.name] ?? []);
    const { alg, key_ops, ext, ...jwk } = await subtle().exportKey("jwk", key);
    return jwk;
  } catch (error) {
    if (error instanceof Unable) throw error;
    throw new Flaw("key_der", `This browser cannot read the key (${name.namedCurve ?? name.name}): it is broken, or the browser does not support it.`);
  }
}
