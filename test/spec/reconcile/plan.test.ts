import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Plan } from '../../../src/model/action.ts';
import { plan } from '../../../src/reconcile/plan.ts';
import type { Observed, ObservedKey } from '../../../src/reconcile/state.ts';
import { aKey, anEnv, aSession, aWish, home, inOrder, kinds, nothingThere, nowMs } from './state.ts';

const retirement = { kind: 'nothing', home, finalizerHeld: true, purge: false, hasPrincipal: true } as const;

/** Every step that comes, however far, before a step. */
function stepsBefore(steps: Plan, index: number): Set<number> {
  const found = new Set<number>();
  const visit = (each: number): void => {
    for (const earlier of steps[each]?.after ?? []) {
      if (found.has(earlier)) continue;
      found.add(earlier);
      visit(earlier);
    }
  };
  visit(index);
  return found;
}

const indexOf = (steps: Plan, kind: string) => steps.findIndex((step) => step.action.kind === kind);

describe('a product in good order', () => {
  test('needs nothing', () => {
    expect(plan(aWish(), inOrder())).toEqual([]);
  });
});

describe('a new product', () => {
  test('is held in the portal before the first side effect', () => {
    const steps = plan(aWish(), nothingThere());
    const held = indexOf(steps, 'add-finalizer');
    for (const [index, step] of steps.entries()) {
      if (step.action.kind === 'add-finalizer') continue;
      expect(stepsBefore(steps, index), step.action.kind).toContain(held);
    }
  });

  test('gets its key in .env only after it was proven, and proven only with policy and prefix in place', () => {
    const steps = plan(aWish(), nothingThere());
    expect(stepsBefore(steps, indexOf(steps, 'write-env'))).toContain(indexOf(steps, 'prove-key'));
    const proof = stepsBefore(steps, indexOf(steps, 'prove-key'));
    for (const kind of ['issue-key', 'put-policy', 'mark-prefix', 'create-principal']) {
      expect(proof, kind).toContain(indexOf(steps, kind));
    }
  });

  test('tells the history when people have their keys, not before', () => {
    const steps = plan(aWish(), nothingThere());
    const before = stepsBefore(steps, indexOf(steps, 'commit-files'));
    expect(before).toContain(indexOf(steps, 'update-files'));
    expect(before).toContain(indexOf(steps, 'write-env'));
    expect(kinds(plan(aWish({ history: false }), nothingThere()))).not.toContain('commit-files');
  });

  test('has files written while keys are made; its .env is the last of its files', () => {
    const steps = plan(aWish(), nothingThere());
    expect(stepsBefore(steps, indexOf(steps, 'prove-key'))).not.toContain(indexOf(steps, 'update-files'));
    expect(stepsBefore(steps, indexOf(steps, 'write-env'))).toContain(indexOf(steps, 'update-files'));
  });

  test('has its .env written whatever becomes of its other files, once it has a workspace', () => {
    const steps = plan(aWish(), { ...nothingThere(), workspaceExists: true });
    expect(stepsBefore(steps, indexOf(steps, 'write-env'))).not.toContain(indexOf(steps, 'update-files'));
  });
});

describe('keys', () => {
  test('an access change brings a new key', () => {
    expect(kinds(plan(aWish({ grants: ['port'] }), inOrder()))).toEqual([
      'issue-key',
      'prove-key',
      'write-env',
      'hand-over-key',
    ]);
  });

  test('without rotation an access change is only recorded', () => {
    const wish = aWish({ grants: ['port'], rotateOnAccessChange: false });
    expect(kinds(plan(wish, inOrder()))).toEqual(['record-grants']);
  });

  test.each([
    ['is approved for longer', { validUntil: '2027-01-31' }],
    ['has a new name', { outputPortName: 'Warm leads' }],
  ])('a port that %s is recorded and brings no new key', (_what, change) => {
    const wish = aWish({ grants: ['port'] });
    const grantFacts = wish.grantFacts.map((facts) => ({ ...facts, ...change }));
    const observed = inOrder({ grants: ['port'] });
    expect(plan(wish, observed)).toEqual([]);
    expect(kinds(plan({ ...wish, grantFacts }, observed))).toEqual(['record-grants']);
  });

  test('a grant from before names were recorded is recorded with its name', () => {
    const wish = aWish({ grants: ['port'] });
    const unnamed = wish.grantFacts.map((facts) => ({ ...facts, outputPortName: null }));
    const observed = inOrder({ grants: ['port'], grantFacts: unnamed });
    expect(kinds(plan(wish, observed))).toEqual(['record-grants']);
  });

  test('a key in its grace stays until the grace is over', () => {
    const inGrace = aKey('K0', { state: 'grace', graceUntilMs: nowMs + 1 });
    expect(plan(aWish(), inOrder({ keys: [aKey('K1'), inGrace] }))).toEqual([]);
    const over = { ...inGrace, graceUntilMs: nowMs };
    expect(kinds(plan(aWish(), inOrder({ keys: [aKey('K1'), over] })))).toEqual(['delete-key']);
  });

  test('a key that a killed run left behind is deleted', () => {
    const left = aKey('K9', { state: 'issued' });
    expect(kinds(plan(aWish(), inOrder({ keys: [aKey('K1'), left] })))).toEqual(['delete-key']);
  });

  test('a key that reached .env before the run was killed is recognised, not replaced', () => {
    const observed = inOrder({ keys: [aKey('K1', { state: 'issued' })] });
    expect(kinds(plan(aWish(), observed))).toEqual(['adopt-key']);
    expect(kinds(plan(aWish({ grants: ['port'] }), observed))).toEqual(['adopt-key', 'record-grants']);
  });

  test('a key that a killed run made by order, or for age, is not replaced again: the old one keeps its grace', () => {
    const made = aKey('K1', { state: 'issued', issuedAtMs: nowMs - 2000 });
    const observed = inOrder({ keys: [aKey('K0'), made] });
    expect(kinds(plan(aWish({ rotateWhy: 'a person asked for it' }), observed))).toEqual(['adopt-key']);
    expect(kinds(plan(aWish({ keyMaxAgeMs: 1000 }), observed))).toEqual(['adopt-key']);
  });

  test('a secret that was changed in .env brings a new key', () => {
    const env = anEnv({ secretSha256: 'other' });
    expect(kinds(plan(aWish(), inOrder({ env })))).toContain('issue-key');
  });
});

const rotates = ['issue-key', 'prove-key', 'write-env', 'hand-over-key'];

describe('a policy that changes under a key that stays', () => {
  test('is proven with that key, and nobody is told of the change before', () => {
    const wish = aWish({ grants: ['port'], rotateOnAccessChange: false, env: { S3_INPUTS: 'leads' } });
    const steps = plan(wish, inOrder({ policy: {} }));
    expect(kinds(steps)).toEqual(['put-policy', 'prove-again', 'write-env', 'record-grants']);
    expect(stepsBefore(steps, 1)).toContain(0);
    for (const told of [2, 3]) expect(stepsBefore(steps, told)).toContain(1);
  });

  test('is proven after it was put right, and again until the proof holds', () => {
    expect(kinds(plan(aWish(), inOrder({ policy: {} })))).toEqual(['put-policy', 'prove-again']);
    const keys = [aKey('K1', { proven: false }), aKey('K0', { state: 'grace', graceUntilMs: nowMs + 1 })];
    const [again, ...others] = plan(aWish(), inOrder({ keys }));
    expect(again?.action).toEqual({ kind: 'prove-again', key: 'K1' });
    expect(others).toEqual([]);
  });

  test('is proven with the new key when one is made', () => {
    const observed = inOrder({ policy: {}, keys: [aKey('K1', { proven: false })] });
    expect(kinds(plan(aWish({ grants: ['port'] }), observed))).not.toContain('prove-again');
  });

  test('brings a new key where the secret can not be had for a proof, or the next session of its name', () => {
    const observed = inOrder({ policy: {}, env: anEnv({ provable: false }) });
    expect(kinds(plan(aWish(), observed))).toEqual(['put-policy', ...rotates]);
    expect(plan(aWish(), inOrder({ env: anEnv({ provable: false }) }))).toEqual([]);
    const steps = plan(aWish({ credentials: 'sessions' }), { ...observed, keys: [aSession('K1')] });
    expect(kinds(steps)).toEqual(['put-policy', 'renew-session', 'prove-key', 'write-env', 'hand-over-key']);
    expect(stepsBefore(steps, indexOf(steps, 'prove-key'))).toContain(0);
  });
});

describe('rotation', () => {
  const old = { keyMaxAgeMs: 1000 };

  test('comes when the key in use has reached its age, and not before', () => {
    const young = inOrder({ keys: [aKey('K1', { issuedAtMs: nowMs - 999 })] });
    expect(plan(aWish(old), young)).toEqual([]);
    const due = inOrder({ keys: [aKey('K1', { issuedAtMs: nowMs - 1000 })] });
    expect(kinds(plan(aWish(old), due))).toEqual(rotates);
  });

  test('comes when it was asked for, with that reason', () => {
    const [issue] = plan(aWish({ rotateWhy: 'asked for by anna' }), inOrder());
    expect(issue?.action).toEqual({ kind: 'issue-key', why: 'asked for by anna' });
  });

  test('comes when others may know the key', () => {
    const env = anEnv({ exposed: 'everybody could read it', guarded: false });
    expect(kinds(plan(aWish(), inOrder({ env })))).toEqual(rotates);
  });
});

describe('sessions', () => {
  const wish = aWish({ credentials: 'sessions' });
  const env = anEnv({ keyId: 'ASIA1', secretSha256: 'digest-S1' });
  const holding = (...keys: ObservedKey[]) => inOrder({ env, keys });
  const half = { issuedAtMs: nowMs - 1000, expiresAtMs: nowMs + 1000 };

  test('one is renewed under its name when half of its life is over, and not before', () => {
    expect(plan(wish, holding(aSession('S1')))).toEqual([]);
    const steps = plan(wish, holding(aSession('S1', half)));
    expect(kinds(steps)).toEqual(['renew-session', 'prove-key', 'write-env', 'hand-over-key']);
    expect(steps[0]?.action).toMatchObject({ key: 'S1' });
  });

  test.each([
    ['a person asks for it', { rotateWhy: 'asked for by anna' }, {}],
    ['others may know it', {}, { env: { ...env, exposed: 'everybody could read it' } }],
    ['its access changed', { grants: ['port'] }, {}],
  ])(
    'one that is replaced because %s gets another name, so that the old one can be ended',
    (_why, more, found) => {
      const observed = { ...holding(aSession('S1', half)), ...found };
      expect(kinds(plan({ ...wish, ...more }, observed))).toEqual(rotates);
    },
  );

  test('one is opened after the principal was put right: that may be how long it lasts', () => {
    const steps = plan(wish, { ...holding(aSession('S1', half)), principalExists: false });
    expect(kinds(steps)).toContain('create-principal');
    expect(stepsBefore(steps, indexOf(steps, 'renew-session'))).toContain(indexOf(steps, 'create-principal'));
  });

  test('one that was replaced is ended when its grace is over', () => {
    const over = aSession('S0', { state: 'grace', graceUntilMs: nowMs });
    expect(kinds(plan(wish, holding(aSession('S1'), over)))).toEqual(['delete-key']);
  });

  describe('of the platform’s role, which keep what they were opened with', () => {
    const fixed = aWish({ credentials: 'sessions', fixedPolicy: true });
    const holdingFixed = (change: Partial<ObservedKey> = {}) => ({
      ...holding(aSession('S1', { endable: false, ...change })),
      policy: null,
    });

    test('are in order without a policy in the store', () => {
      expect(plan(fixed, holdingFixed())).toEqual([]);
    });

    test('are replaced when access changes, whatever the setting, also by a run that was cut off', () => {
      const wish = { ...fixed, grants: ['port'], rotateOnAccessChange: false };
      expect(kinds(plan(wish, holdingFixed()))).toEqual(rotates);
      expect(kinds(plan(wish, holdingFixed({ state: 'issued' })))).toEqual(rotates);
    });

    test('take the place of those of the product’s own role', () => {
      expect(kinds(plan(fixed, holding(aSession('S1'))))).toEqual(rotates);
    });

    test('leave nothing to delete when the product ends', () => {
      const steps = plan({ ...retirement, hasPrincipal: false }, holdingFixed());
      expect(kinds(steps)).toContain('forget-session');
      expect(kinds(steps)).not.toContain('delete-principal');
    });
  });

  test('one that the store can not end is left to its end', () => {
    const over = aSession('S0', { state: 'grace', graceUntilMs: nowMs, endable: false });
    expect(kinds(plan(wish, holding(aSession('S1'), over)))).toEqual(['forget-session']);
  });

  test('they take the place of lasting keys, and lasting keys theirs, with a grace for both', () => {
    expect(kinds(plan(wish, inOrder()))).toEqual(rotates);
    expect(kinds(plan(aWish(), holding(aSession('S1'))))).toEqual(rotates);
  });
});

describe('books that were lost', () => {
  const forgotten = inOrder({ keys: [aKey('K1', { state: 'unknown', secretSha256: null })], grants: [] });

  test('the key in .env is recognised after it was proven, and no key is made', () => {
    const steps = plan(aWish(), forgotten);
    expect(kinds(steps)).toEqual(['prove-env-key', 'adopt-key', 'record-grants']);
    expect(stepsBefore(steps, 1)).toContain(0);
  });

  test('a key under a policy that differs is not recognised', () => {
    expect(kinds(plan(aWish(), { ...forgotten, policy: {} }))).toContain('issue-key');
  });

  test('a key that the store does not list is not recognised', () => {
    const env = anEnv({ keyId: 'K9' });
    expect(kinds(plan(aWish(), { ...forgotten, env }))).toContain('issue-key');
  });
});

describe('a product that is back', () => {
  const gone = { ...nothingThere(), archive: 'sales-2026' };

  test('gets its workspace out of the archive before anything is decided about its files', () => {
    expect(kinds(plan(aWish(), gone))).toEqual(['restore-workspace']);
  });

  test('keeps a workspace that lies there already', () => {
    expect(kinds(plan(aWish(), inOrder({ archive: 'sales-2026' })))).toEqual([]);
  });
});

describe('files', () => {
  test('a managed file that differs is rewritten, a starter that differs is not', () => {
    const steps = plan(aWish(), inOrder({ files: { 'run.sh': 'zz', 'README.md': 'zz' } }));
    expect(steps.map(({ action }) => action)).toMatchObject([
      { kind: 'update-files', write: ['run.sh'] },
      { kind: 'commit-files' },
    ]);
  });

  test('a starter that a person deleted stays away', () => {
    expect(plan(aWish(), inOrder({ files: { 'run.sh': 'aa' } }))).toEqual([]);
  });
});

describe('a retirement', () => {
  test('lets the portal go last, and closes the books after that', () => {
    const steps = plan(retirement, inOrder());
    const released = indexOf(steps, 'remove-finalizer');
    for (const kind of ['delete-key', 'delete-principal', 'archive-workspace', 'wake-neighbours']) {
      expect(stepsBefore(steps, released), kind).toContain(indexOf(steps, kind));
    }
    expect(stepsBefore(steps, indexOf(steps, 'finish-retirement'))).toContain(released);
  });

  test('ends a principal, too, that is not as it should be and has a policy', () => {
    expect(kinds(plan(retirement, inOrder({ principalExists: false })))).toContain('delete-principal');
    const nobody = inOrder({ principalExists: false, policy: null });
    expect(kinds(plan(retirement, nobody))).not.toContain('delete-principal');
  });

  test('leaves data alone unless purging was asked for', () => {
    expect(kinds(plan(retirement, inOrder()))).not.toContain('purge-data');
    expect(kinds(plan({ ...retirement, purge: true }, inOrder()))).toContain('purge-data');
  });
});

describe('whatever is observed', () => {
  const key: fc.Arbitrary<ObservedKey> = fc.record({
    id: fc.constantFrom('K1', 'K2', 'K3', 'K4'),
    active: fc.boolean(),
    endable: fc.boolean(),
    state: fc.constantFrom('issued', 'current', 'grace', 'unknown'),
    graceUntilMs: fc.option(fc.constantFrom(nowMs - 1, nowMs + 1)),
    issuedAtMs: fc.nat(10),
    expiresAtMs: fc.option(fc.constantFrom(nowMs - 1, nowMs + 1, nowMs * 3)),
    secretSha256: fc.constantFrom('digest', 'other', null),
    proven: fc.boolean(),
  });
  const seen = fc.record({
    finalizers: fc.subarray(['data-product-provisioner', 'another']),
    marked: fc.boolean(),
    principalExists: fc.boolean(),
    policy: fc.constantFrom(null, aWish().policy, {}),
    keys: fc.uniqueArray(key, { selector: ({ id }) => id, maxLength: 4 }),
    files: fc.constantFrom({}, { 'run.sh': 'aa' }),
    rendered: fc.constantFrom({}, { 'README.md': 'bb' }, { 'run.sh': 'aa', 'README.md': 'bb' }),
    history: fc.boolean(),
    conflicts: fc.constant([]),
    displaced: fc.constant([]),
    env: fc.option(
      fc.record({
        entries: fc.constantFrom({}, { S3_PREFIX: 'sales/' }),
        keyId: fc.constantFrom('K1', 'K5'),
        secretSha256: fc.constantFrom('digest', 'other'),
        consistent: fc.boolean(),
        edited: fc.boolean(),
        guarded: fc.boolean(),
        exposed: fc.constantFrom(null, 'it was open'),
        provable: fc.boolean(),
      }),
    ),
    grants: fc.subarray(['p1', 'p2']),
    grantFacts: fc.subarray([...aWish({ grants: ['p1', 'p2'] }).grantFacts]),
    workspaceExists: fc.boolean(),
    archive: fc.constantFrom(null, 'sales-2026'),
    nowMs: fc.constant(nowMs),
  });
  const observed: fc.Arbitrary<Observed> = fc
    .tuple(seen, fc.boolean())
    .map(([found, unseen]) =>
      unseen ? { ...found, unseen, files: {}, env: null, workspaceExists: true } : { ...found, unseen },
    );
  const wish = fc
    .record({
      grants: fc.subarray(['p1', 'p2']),
      rotateOnAccessChange: fc.boolean(),
      credentials: fc.constantFrom('keys' as const, 'sessions' as const),
    })
    .map((change) => aWish(change));

  test('what could not be seen is taken for neither there nor missing; the policy follows all the same', () => {
    fc.assert(
      fc.property(wish, observed, (desired, found) => {
        fc.pre(found.unseen);
        const steps = plan(desired, found);
        const allowed = ['add-finalizer', 'mark-prefix', 'create-principal', 'put-policy', 'wake-neighbours'];
        const others = steps.filter(({ action }) => !allowed.includes(action.kind));
        for (const { action } of others) {
          expect(['delete-key', 'forget-session']).toContain(action.kind);
          const ended = found.keys.find((each) => 'key' in action && each.id === action.key);
          expect(ended).toMatchObject({ state: 'grace' });
          expect(ended?.graceUntilMs ?? 0).toBeLessThanOrEqual(nowMs);
        }
        const put = steps.some(({ action }) => action.kind === 'put-policy');
        expect(put).toBe(JSON.stringify(found.policy) !== JSON.stringify(desired.policy));
      }),
    );
  });

  test('steps only wait for earlier steps', () => {
    fc.assert(
      fc.property(wish, observed, (desired, found) => {
        for (const [index, step] of plan(desired, found).entries()) {
          expect(step.after.every((each) => each < index)).toBe(true);
        }
      }),
    );
  });

  test('the key that people work with is never deleted, and the store is never asked for more keys than it allows', () => {
    fc.assert(
      fc.property(wish, observed, (desired, found) => {
        const steps = plan(desired, found);
        const deleted = steps.flatMap(({ action }) =>
          action.kind === 'delete-key' || action.kind === 'forget-session' ? [action.key] : [],
        );
        const inUse = found.keys.find(
          ({ id, active, expiresAtMs, secretSha256 }) =>
            active &&
            (id === found.env?.keyId || expiresAtMs !== null) &&
            secretSha256 === found.env?.secretSha256,
        );
        if (inUse !== undefined) expect(deleted).not.toContain(inUse.id);
        if (indexOf(steps, 'issue-key') !== -1) {
          expect(found.keys.length - deleted.length + 1).toBeLessThanOrEqual(desired.keysPerPrincipal);
        }
      }),
    );
  });

  test('no policy changes without a proof after it, with one key or another', () => {
    fc.assert(
      fc.property(wish, observed, (desired, found) => {
        const steps = plan(desired, found);
        fc.pre(!found.unseen);
        const put = indexOf(steps, 'put-policy');
        const proofs = steps.flatMap(({ action }, index) =>
          action.kind.startsWith('prove-') ? [index] : [],
        );
        if (put === -1) return;
        expect(proofs).toHaveLength(1);
        for (const proof of proofs) expect(stepsBefore(steps, proof)).toContain(put);
      }),
    );
  });

  test('a key is written to .env only when it was proven in the same run, or is there already', () => {
    fc.assert(
      fc.property(wish, observed, (desired, found) => {
        const steps = plan(desired, found);
        const issued = indexOf(steps, 'issue-key');
        const written = indexOf(steps, 'write-env');
        if (issued !== -1) expect(stepsBefore(steps, written)).toContain(indexOf(steps, 'prove-key'));
      }),
    );
  });
});
