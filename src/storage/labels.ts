/** Empty objects that say one thing in their metadata. Each new home asks for some, so without a client of the SDK (decision 0021). */
import type { RequestGate } from '../model/gate.ts';
import { httpStatusOf, storeError } from '../model/store-error.ts';
import { type SignedRequest, type Signer, signedExchange } from '../signing/signed-exchange.ts';
import { inTries } from '../signing/tries.ts';
import { type BucketPlace, bucketAt } from './bucket-at.ts';

/** Where a label lies, and the name of what it says. */
export interface Label {
  /** Nothing in it has to be written otherwise in a path. */
  readonly key: string;
  readonly name: string;
}

type Options = BucketPlace & Signer & { readonly gate?: RequestGate };

/** All methods throw `STORE_UNAVAILABLE`, `STORE_DENIED` or `STORE_REJECTED`; `what` is the call in a few words, for the message. */
export class Labels {
  readonly #gate: RequestGate | undefined;
  readonly #path: string;
  readonly #exchange: ReturnType<typeof signedExchange>;

  constructor(options: Options) {
    const { endpoint, path } = bucketAt(options);
    this.#gate = options.gate;
    this.#path = path;
    this.#exchange = signedExchange({ ...options, endpoint });
  }

  /** `null`: nothing lies there; empty: something that says nothing. */
  async read(what: string, { key, name }: Label): Promise<string | null> {
    const answer = await this.#send(what, { method: 'HEAD', path: key });
    return answer === null ? null : (answer.headers[`x-amz-meta-${name}`] ?? '');
  }

  async write(what: string, { key, name }: Label, value: string): Promise<void> {
    await this.#send(what, {
      method: 'PUT',
      path: key,
      headers: { [`x-amz-meta-${name}`]: value },
      body: '',
    });
  }

  #send(what: string, request: SignedRequest) {
    return inTries(this.#gate, () =>
      this.#exchange({ ...request, path: `${this.#path}${request.path}` }).catch((error: unknown) => {
        if (request.method === 'HEAD' && httpStatusOf(error) === 404) return null;
        throw storeError(what, error);
      }),
    );
  }
}
