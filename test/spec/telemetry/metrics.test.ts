import { expect, test } from 'vitest';
import { createMetrics } from '../../../src/telemetry/metrics.ts';

test('a state that no product is in any more is not counted on', async () => {
  const metrics = createMetrics();
  metrics.products([{ state: 'live', condition: 'Progressing', count: 3 }]);
  metrics.products([{ state: 'live', condition: 'Ready', count: 3 }]);
  const lines = (await metrics.render())
    .split('\n')
    .filter((line) => line.startsWith('provisioner_products'));
  expect(lines).toEqual(['provisioner_products{state="live",condition="Ready"} 3']);
});
