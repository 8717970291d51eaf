/** Public keys as people configure them: one PEM text. The kind of a key decides which signatures it may check. */
import { createPublicKey, type KeyObject } from "node:crypto";

const MAX_KEYS = 8;
const MIN_RSA_BITS = 2_048;
const BLOCK = /-----BEGIN ([A-Z ]+)-----[A-Za-z0-9+/=\s]+-----END \1-----/g;

/** A key and the signature algorithms (JWA names) that it is for. */
export interface PublicKeyPem {
  /** SubjectPublicKeyInfo. */
  readonly pem: string;
  readonly algorithms: readonly string[];
}

const ofCurve: Readonly<Record<string, string>> = {
  prime256v1: "ES256",
  secp384r1: "ES384",
  secp521r1: "ES512",
};

/** Reads every key in `text`. Throws `TypeError` saying what is wrong with it; the text itself is not quoted. */
export function parsePublicKeys(text: string): readonly PublicKeyPem[] {
  const blocks = [...text.matchAll(BLOCK)];
  const rest = text.replaceAll(BLOCK, "").trim();
  if (blocks.length === 0 || rest !== "") {
    throw faulty("want PEM blocks (-----BEGIN PUBLIC KEY-----) and nothing else");
  }
  if (blocks.length > MAX_KEYS) throw faulty(`want at most ${MAX_KEYS} keys`);
  return blocks.map(([pem, label = ""]) => parseBlock(pem, label));
}

function parseBlock(pem: string, label: string): PublicKeyPem {
  // A private key would do too, and then be where no private key belongs.
  if (label.includes("PRIVATE")) {
    throw faulty("this is a private key, want the public one (openssl pkey -pubout)");
  }
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch (cause) {
    throw faulty(`a ${label.toLowerCase()} cannot be read`, cause);
  }
  return { pem: String(key.export({ type: "spki", format: "pem" })), algorithms: algorithmsOf(key) };
}

function algorithmsOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): readonly string[] {
  switch (asymmetricKeyType) {
    case "rsa":
      if ((asymmetricKeyDetails?.modulusLength ?? 0) < MIN_RSA_BITS) {
        throw faulty(`want RSA keys of at least ${MIN_RSA_BITS} bits`);
      }
      return ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];
    case "ec": {
      const algorithm = ofCurve[asymmetricKeyDetails?.namedCurve ?? ""];
      if (algorithm === undefined) throw faulty("want EC keys on P-256, P-384 or P-521");
      return [algorithm];
    }
    case "ed25519":
      return ["EdDSA", "Ed25519"];
    default:
      throw faulty(`want RSA, EC or Ed25519 keys, not ${asymmetricKeyType}`);
  }
}

function faulty(problem: string, cause?: unknown): TypeError {
  return new TypeError(`Cannot read public keys: ${problem}`, { cause });
}
