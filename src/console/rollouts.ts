/** How far new versions of templates are, for their cards on the overview: pure. */
import type { RolloutLine } from '../insight/rollouts.ts';
import { stageBadges } from './standing.ts';

export function rolloutCard({ template, stage, begunAt, canaries, following, behind }: RolloutLine) {
  return {
    template,
    badge: stageBadges[stage],
    begunAt,
    stopped: stage === 'stopped',
    following,
    behind,
    all: following + behind,
    failed: canaries.filter(({ outcome }) => outcome === 'failed').length,
    canaries: canaries.map(({ product, home, outcome }) => ({
      id: product,
      name: home ?? product,
      word: outcome ?? 'tries',
      failed: outcome === 'failed',
    })),
  };
}
