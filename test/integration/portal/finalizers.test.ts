import { describe, expect, it } from 'vitest';
import { cast, generations, recorded } from '../../spec/portal/recorded.ts';
import { answerTo, fastClient, replay, sendRecorded, startServer } from './portal-server.ts';

describe.each(generations)('finalizers, %s', (generation) => {
  const { provider } = cast(generation);
  const ours = 'workspace-provisioner';

  it.each(['finalizer-add', 'finalizer-add-again'])('%s: the product is held', async (name) => {
    await using portal = await startServer(replay(generation, [name]));
    expect(await fastClient(portal.url).addFinalizer(provider, ours)).toBe('added');
    expect(portal.seen[0]).toMatchObject({ method: 'POST', body: '{"finalizer":"workspace-provisioner"}' });
    expect(portal.seen[0]?.headers['content-type']).toBe('application/json');
  });

  it('a product that is being deleted takes none', async () => {
    await using portal = await startServer(replay(generation, ['fail-409-finalizer-while-deleting']));
    expect(await fastClient(portal.url).addFinalizer(provider, ours)).toBe('refused-deleting');
  });

  it('a product that is gone takes none', async () => {
    const gone = recorded(generation, 'data-product-gone');
    await using portal = await startServer((_, response) => sendRecorded(response, gone));
    expect(await fastClient(portal.url).addFinalizer(provider, ours)).toBe('gone');
  });

  it('is removed', async () => {
    await using portal = await startServer(replay(generation, ['finalizer-remove']));
    await fastClient(portal.url).removeFinalizer(provider, ours);
    expect(portal.seen.map(({ method, body }) => [method, body])).toEqual([['DELETE', '']]);
  });

  it('one that is not there, or whose product is gone, counts as removed', async () => {
    const path = `/data_products/${provider}/finalizers/${ours}`;
    const answers = [
      recorded(generation, 'fail-404-finalizer-remove-unknown'),
      recorded(generation, 'data-product-gone'),
    ];
    for (const answer of answers) {
      expect(answer.status).toBe(404);
      await using portal = await startServer(replay(generation, [], [answerTo('DELETE', path, answer)]));
      await fastClient(portal.url).removeFinalizer(provider, ours);
      expect(portal.seen).toHaveLength(1);
    }
  });

  it('is set again when the answer got lost: setting it twice changes nothing', async () => {
    const added = replay(generation, ['finalizer-add-again']);
    let lost = false;
    await using portal = await startServer((request, response) => {
      if (lost) return added(request, response);
      lost = true;
      response.destroy();
    });
    expect(await fastClient(portal.url).addFinalizer(provider, ours)).toBe('added');
    expect(portal.seen).toHaveLength(2);
  });
});
