import { defineConfig } from 'vitest/config';

/** Suites: `spec` (pure), `integration`, `stores` (each kind of S3 server), `e2e` (all real), `faults` (all real, and broken on purpose), `browser` (pages), `templates` (real data tools). */
const suite = (name: string, timeoutMs: number) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout: timeoutMs,
    hookTimeout: timeoutMs,
    globalSetup: name === 'spec' ? [] : ['test/support/install-tools.ts'],
  },
});

// Vitest reads its settings from a default export.
// biome-ignore lint/style/noDefaultExport: the tool's convention
export default defineConfig({
  test: {
    projects: [
      suite('spec', 30_000),
      suite('integration', 60_000),
      suite('stores', 60_000),
      suite('e2e', 120_000),
      suite('faults', 120_000),
      suite('browser', 60_000),
      suite('templates', 600_000),
    ],
  },
});
