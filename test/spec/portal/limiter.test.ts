import { describe, expect, it } from 'vitest';
import { Limiter } from '../../../src/portal/limiter.ts';

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('a limiter', () => {
  it('lets so many begin, and each next one, in order, when one has ended', async () => {
    const limiter = new Limiter(2);
    const begun: number[] = [];
    const gates = [0, 1, 2, 3].map(() => Promise.withResolvers<void>());
    const all = gates.map((gate, index) =>
      limiter.run(() => {
        begun.push(index);
        return gate.promise;
      }),
    );
    await settled();
    expect(begun).toEqual([0, 1]);
    gates[1]?.resolve();
    await settled();
    expect(begun).toEqual([0, 1, 2]);
    for (const gate of gates) gate.resolve();
    await Promise.all(all);
    expect(begun).toEqual([0, 1, 2, 3]);
  });

  it('lets no newcomer slip in when a place went to one who waited', async () => {
    const limiter = new Limiter(1);
    const begun: string[] = [];
    const gates = ['first', 'waiting', 'newcomer'].map((name) => ({
      name,
      ...Promise.withResolvers<void>(),
    }));
    const enter = ({ name, promise }: (typeof gates)[number]) =>
      limiter.run(() => {
        begun.push(name);
        return promise;
      });
    const early = gates.slice(0, 2).map(enter);
    gates[0]?.resolve();
    await settled();
    const late = gates.slice(2).map(enter);
    await settled();
    expect(begun).toEqual(['first', 'waiting']);
    for (const gate of gates) gate.resolve();
    await Promise.all([...early, ...late]);
    expect(begun).toEqual(['first', 'waiting', 'newcomer']);
  });

  it('gives a place back when work fails', async () => {
    const limiter = new Limiter(1);
    await expect(limiter.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await expect(limiter.run(async () => 'yes')).resolves.toBe('yes');
  });
});
