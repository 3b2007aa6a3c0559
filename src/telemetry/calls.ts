/** Looks at calls of adapters from outside: how long each took and how it ended. */
import { asProvisionerError } from '../model/errors.ts';

/** Told of a call around which it stands; it must give back what the call gives. */
export type AroundCall = <T>(adapter: string, operation: string, call: () => Promise<T>) => Promise<T>;

/** Every method that gives a promise, and whether it is watched: the compiler misses the one that is forgotten. */
export type Calls<T> = {
  readonly [K in keyof T as T[K] extends (...words: never[]) => Promise<unknown> ? K : never]: boolean;
};

/**
 * The same object, with `around` at each watched method. Others, and fields, are reached as they are.
 *
 * @param parts fields of it that are watched by themselves, in place of its own
 */
export function watchCalls<T extends object>(
  adapter: string,
  target: T,
  calls: Calls<T>,
  around: AroundCall,
  parts: Partial<T> = {},
): T {
  const watched = new Set<PropertyKey>(
    Object.entries(calls).flatMap(([name, isWatched]) => (isWatched === true ? [name] : [])),
  );
  return new Proxy(target, {
    get: (object, name) => {
      if (Object.hasOwn(parts, name)) return Reflect.get(parts, name);
      const value: unknown = Reflect.get(object, name, object);
      if (typeof value !== 'function') return value;
      // Private fields are reached through the object itself, never through the proxy.
      if (!watched.has(name)) return value.bind(object);
      return (...words: unknown[]) =>
        around(adapter, String(name), async () => Reflect.apply(value, object, words));
    },
  });
}

/** Times each call and tells whether it failed, and with which code. */
export function timedCalls(
  onCall: (adapter: string, operation: string, outcome: string, ms: number) => void,
): AroundCall {
  return async (adapter, operation, call) => {
    const started = performance.now();
    const told = (outcome: string) => onCall(adapter, operation, outcome, performance.now() - started);
    try {
      const value = await call();
      told('ok');
      return value;
    } catch (thrown) {
      told(asProvisionerError(thrown).code);
      throw thrown;
    }
  };
}
