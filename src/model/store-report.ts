/** What the store behind the identity API is, what it was seen to do, and what it lacks. Pure. */

/** What a product's key can do by the identity API to itself, past us. */
export type SelfService = 'own secret' | 'further keys' | 'own policy' | 'session tokens';

/** What was seen at start, with a principal that is thrown away. */
export interface Capabilities {
  /** `enforced`, or in words what the store allowed that the policy does not. */
  readonly policies: string;
  /** Whether a second key works beside the first: without it a rotation has no grace. */
  readonly secondKey: boolean;
  /** Whether a key that is switched off is refused. */
  readonly switchOff: boolean;
  readonly selfService: readonly SelfService[];
  /** Whether there is a service for sessions (STS) where we look for it. */
  readonly sessions: boolean;
}

/** For people: log, health, API, console. */
export interface StoreReport {
  /** Its name, or the address of one that has none. */
  readonly store: string;
  readonly credentials: 'keys' | 'sessions';
  readonly limits: { readonly policySize: number; readonly keysPerPrincipal: number };
  /** `null` while they are not known. */
  readonly capabilities: Capabilities | null;
  /** What guarantees need and the store does not have, a sentence each. */
  readonly limitations: readonly string[];
}

/** A token that a key takes carries the key's policy and ends with it, so it is no limitation. */
const past: Readonly<Record<Exclude<SelfService, 'session tokens'>, string>> = {
  'own secret':
    'A product’s key can replace its own secret: who has a copy of it can lock the product out until the next look.',
  'further keys': 'A product’s key can make further keys for itself: they work until the next drift check.',
  'own policy': 'A product’s key can change its own policy: it opens more until the next look.',
};

export function limitationsOf({
  policies,
  secondKey,
  switchOff,
  selfService,
}: Capabilities): readonly string[] {
  return [
    ...(policies === 'enforced' ? [] : [policies]),
    ...(secondKey
      ? []
      : ['It lets one key of a product work at a time: a new key ends the old one at once.']),
    ...(switchOff ? [] : ['A key that is switched off works on until it is deleted.']),
    ...selfService.flatMap((what) => (what === 'session tokens' ? [] : past[what])),
  ];
}
