/** A store as AWS behaves where the servers of the tests do not: it throttles, and takes its time to make up its mind. */
import { type Asked, type Fate, type FaultProxy, startFaultProxy } from '../fault-proxy.ts';
import type { StoreServer } from './server.ts';

export interface AwsWays {
  /** So long, in milliseconds, a change of a policy is not seen; new users and keys are seen earlier. */
  readonly spreadMs: number;
  /** One IAM call in so many is throttled; 0 = none. */
  readonly throttled: number;
}

const s3Refusal = (code: string) => `<Error><Code>${code}</Code><Message>refused</Message></Error>`;
const iamRefusal = (code: string) =>
  `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>refused</Message></Error></ErrorResponse>`;

/** Puts AWS's ways before a store that has S3 and IAM at one address. */
export async function behaveLikeAws<Store extends Omit<StoreServer, 'name'>>(
  store: Store,
  ways: AwsWays = { spreadMs: 0, throttled: 0 },
): Promise<Store & { readonly proxy: FaultProxy }> {
  const proxy = await startFaultProxy(store.endpoint);
  const mind = new Mind(store.accessKey, ways);
  proxy.fail((asked) => mind.decide(asked));
  return {
    ...store,
    endpoint: proxy.url,
    proxy,
    [Symbol.asyncDispose]: async () => {
      await proxy[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}

class Mind {
  readonly #admin: string;
  readonly #ways: AwsWays;
  /** Users and access keys, and when each was made. */
  readonly #made = new Map<string, number>();
  #calls = 0;

  constructor(admin: string, ways: AwsWays) {
    this.#admin = admin;
    this.#ways = ways;
  }

  decide(asked: Asked): Fate | null {
    const call = new URLSearchParams(asked.body);
    const action = call.get('Action');
    return action === null ? this.#decideS3(asked) : this.#decideIam(action, call.get('UserName') ?? '');
  }

  /** A key is at first unknown, then known and without rights; and what is not there is refused, not missing. */
  #decideS3({ headers: { authorization = '' } }: Asked): Fate | null {
    const key = /Credential=([^/]+)/.exec(authorization)?.[1] ?? this.#admin;
    if (key === this.#admin) return null;
    const age = this.#ageOf(key);
    if (age < this.#ways.spreadMs / 4)
      return { kind: 'answer', status: 403, text: s3Refusal('InvalidAccessKeyId') };
    if (age < this.#ways.spreadMs / 2)
      return { kind: 'answer', status: 403, text: s3Refusal('AccessDenied') };
    const hide = { status: 403, text: s3Refusal('AccessDenied') };
    return { kind: 'rewrite', as: (answer) => (answer.status === 404 ? hide : answer) };
  }

  #decideIam(action: string, user: string): Fate | null {
    this.#calls += 1;
    if (this.#ways.throttled > 0 && this.#calls % this.#ways.throttled === 0)
      return { kind: 'answer', status: 400, text: iamRefusal('Throttling') };
    if (action === 'CreateUser') this.#made.set(user, this.#made.get(user) ?? Date.now());
    else if (this.#ageOf(user) < this.#ways.spreadMs / 4)
      return { kind: 'answer', status: 404, text: iamRefusal('NoSuchEntity') };
    if (action === 'CreateAccessKey') return { kind: 'rewrite', as: (answer) => this.#noteKey(answer) };
    if (action === 'PutUserPolicy' && this.#ways.spreadMs > 0)
      return { kind: 'postpone', ms: this.#ways.spreadMs, text: '<PutUserPolicyResponse/>' };
    return null;
  }

  #noteKey<Answer extends { readonly text: string }>(answer: Answer): Answer {
    const id = /<AccessKeyId>([^<]+)/.exec(answer.text)?.[1];
    if (id !== undefined) this.#made.set(id, Date.now());
    return answer;
  }

  #ageOf(thing: string): number {
    return Date.now() - (this.#made.get(thing) ?? 0);
  }
}
