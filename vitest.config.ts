import { defineConfig } from 'vitest/config';

/** Suites: `spec` (pure), `integration`, `stores` (each kind of S3 server), `e2e` (all real), `faults` (all real, and broken on purpose), `browser` (pages), `templates` (real data tools). */
const suite = (name: string, timeoutMs: number) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout: timeoutMs,
    hookTimeout: timeoutMs,
    // Most tests wait for other processes most of the time: more of them than cores.
    maxWorkers: 3,
    // Modules are loaded once for all files of a worker, as nothing in them is kept; but a spec puts others in their place.
    isolate: name === 'spec',
    // With others beside it a test may have to wait; only a failing one waits so long.
    env: { PROV_TEST_PATIENCE_MS: '60000' },
    globalSetup: name === 'spec' ? [] : ['test/support/install-tools.ts'],
  },
});

// Vitest reads its settings from a default export.
// biome-ignore lint/style/noDefaultExport: the tool's convention
export default defineConfig({
  test: {
    projects: [
      suite('spec', 30_000),
      suite('integration', 120_000),
      suite('stores', 120_000),
      suite('e2e', 180_000),
      // With `npm run test:faults` they go as far as production does.
      suite('faults', process.env.PROV_FAULTS === 'full' ? 900_000 : 240_000),
      suite('browser', 120_000),
      suite('templates', 600_000),
    ],
  },
});
