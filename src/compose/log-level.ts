/** Takes orders for another log level from the control folder, for a daemon that shall not be restarted. */
import { readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { LogLevel, levelFile } from '../model/control.ts';
import type { RootLogger } from '../telemetry/logger.ts';

const lookEveryMs = 1000;

/** Looks once a second. Disposing stops it. */
export function watchLogLevel(folder: string, log: RootLogger): Disposable {
  const path = join(folder, levelFile);
  const timer = setInterval(() => void takeOrder(path, log), lookEveryMs).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

async function takeOrder(path: string, log: RootLogger): Promise<void> {
  // Taken away first: an order that comes meanwhile lies there for the next look.
  const taken = `${path}.taken`;
  const text = await rename(path, taken).then(
    () => readFile(taken, 'utf8').catch(() => ''),
    () => null,
  );
  if (text === null) return;
  await rm(taken, { force: true }).catch(() => undefined);
  const level = LogLevel.safeParse(text.trim());
  if (!level.success) return log.warn('an order for another log level is none', { order: text.slice(0, 40) });
  const say = () => log.warn('the log level is changed', { to: level.data });
  // Before the one level that silences it, after the others.
  if (level.data === 'error') say();
  log.setLevel(level.data);
  if (level.data !== 'error') say();
}
