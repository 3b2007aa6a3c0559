/** The simulator as a process of its own. Settings: PORT, HOST, PORTAL_GENERATION, WEBHOOK_URL, WEBHOOK_SECRET, WEBHOOK_V2_URL, PORTAL_API_KEY. */
import { once } from 'node:events';
import { z } from 'zod';
import { startPortalSimulator } from './simulator.ts';

/** A variable that is set to nothing counts as not set. */
const filled = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess((value) => (value === '' ? undefined : value), schema);

const Environment = z.object({
  PORT: filled(z.coerce.number().int().min(0).max(65535).default(8080)),
  HOST: filled(z.string().default('127.0.0.1')),
  PORTAL_GENERATION: filled(z.enum(['v0.7.0', 'main']).default('v0.7.0')),
  WEBHOOK_URL: filled(z.url({ protocol: /^https?$/ }).optional()),
  WEBHOOK_SECRET: filled(z.string().optional()),
  WEBHOOK_V2_URL: filled(z.url({ protocol: /^https?$/ }).optional()),
  PORTAL_API_KEY: filled(z.string().optional()),
});

const say = (line: string): boolean => process.stdout.write(`${line}\n`);

async function main(): Promise<void> {
  const environment = Environment.safeParse(process.env);
  if (!environment.success) {
    process.stderr.write(`${z.prettifyError(environment.error)}\n`);
    process.exitCode = 2;
    return;
  }
  const settings = environment.data;
  await using portal = await startPortalSimulator({
    port: settings.PORT,
    host: settings.HOST,
    generation: settings.PORTAL_GENERATION,
    webhookUrl: settings.WEBHOOK_URL,
    webhookSecret: settings.WEBHOOK_SECRET,
    webhookV2Url: settings.WEBHOOK_V2_URL,
    apiKey: settings.PORTAL_API_KEY,
    log: say,
  });
  say(`Portal simulator (${portal.generation}) on ${portal.url}`);
  await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
}

await main();
