/** Keys that signatures are checked by. Each source says which algorithms it is for, so that no key serves another's. */
import { type CryptoKey, importSPKI, type JWTHeaderParameters } from "jose"; // jose: the JWT library of its field
import { parsePublicKeys, type PublicKeyPem } from "../../core/public_keys.ts";

/** A key, as jose takes it. */
export type TokenKey = CryptoKey | Uint8Array;

/** Where keys come from. */
export interface KeySource {
  /** Algorithms (`alg` of a token's head) that its keys are for. */
  readonly algorithms: readonly string[];
  /**
   * Keys that may have signed a token with this head, which names one of {@linkcode KeySource.algorithms}; few, perhaps
   * none. Rejects with a temporary `ClientError` when they cannot be had now.
   */
  keysFor(header: JWTHeaderParameters): Promise<readonly TokenKey[]>;
}

/** One shared secret, its bytes in UTF-8. */
export class SecretKey implements KeySource {
  readonly algorithms = ["HS256", "HS384", "HS512"];
  readonly #keys: readonly TokenKey[];

  constructor(secret: string) {
    this.#keys = [new TextEncoder().encode(secret)];
  }

  keysFor(): Promise<readonly TokenKey[]> {
    return Promise.resolve(this.#keys);
  }
}

/** Public keys of the configuration. */
export class PemKeys implements KeySource {
  readonly algorithms: readonly string[];
  readonly #pems: readonly PublicKeyPem[];
  /** A key is imported once for each algorithm that is met. */
  readonly #imported = new Map<string, Promise<TokenKey>>();

  /** Throws `TypeError` for a text that holds no public keys. */
  constructor(text: string) {
    this.#pems = parsePublicKeys(text);
    this.algorithms = [...new Set(this.#pems.flatMap(({ algorithms }) => algorithms))];
  }

  async keysFor({ alg }: JWTHeaderParameters): Promise<readonly TokenKey[]> {
    const fitting = this.#pems.filter(({ algorithms }) => algorithms.includes(alg));
    return await Promise.all(fitting.map(({ pem }) => this.#keyOf(pem, alg)));
  }

  #keyOf(pem: string, alg: string): Promise<TokenKey> {
    const id = `${alg} ${pem}`;
    const known = this.#imported.get(id);
    if (known !== undefined) return known;
    const key = importSPKI(pem, alg);
    this.#imported.set(id, key);
    return key;
  }
}
