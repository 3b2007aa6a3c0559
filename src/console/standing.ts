/** How a product stands, in one word and a tone: pure. */
import type { Headline, ProductState } from '../insight/headline.ts';

export type Tone = 'bad' | 'note' | 'busy' | 'good' | 'gone';

export interface Badge {
  readonly word: string;
  readonly tone: Tone;
}

const tones: Readonly<Record<Headline, Tone>> = {
  Degraded: 'bad',
  Progressing: 'busy',
  Notice: 'note',
  Ready: 'good',
};
const states: Readonly<Record<Exclude<ProductState, 'live'>, Badge>> = {
  held: { word: 'Held by the brake', tone: 'bad' },
  retiring: { word: 'Retiring', tone: 'busy' },
  retired: { word: 'Retired', tone: 'gone' },
};

/** The state where it says more than the headline does. */
export function badgeOf(product: { readonly state: ProductState; readonly headline: Headline }): Badge {
  return product.state === 'live'
    ? { word: product.headline, tone: tones[product.headline] }
    : states[product.state];
}

export function badgeOfHeadline(headline: Headline): Badge {
  return { word: headline, tone: tones[headline] };
}

export const outcomeBadges = {
  succeeded: { word: 'Succeeded', tone: 'good' },
  failed: { word: 'Failed', tone: 'bad' },
} as const satisfies Record<string, Badge>;

/** Stages of a rollout, in the words of `provisioner template rollouts`. */
export const stageBadges = {
  canary: { word: 'is tried', tone: 'busy' },
  all: { word: 'goes to all', tone: 'busy' },
  stopped: { word: 'stopped', tone: 'bad' },
} as const satisfies Record<string, Badge>;

export const verdictBadges = {
  accepted: { word: 'Accepted', tone: 'good' },
  ignored: { word: 'Ignored', tone: 'gone' },
} as const satisfies Record<string, Badge>;
