/** Orders to a running daemon: files in the control folder, made by the CLI or by a person. */
import { z } from 'zod';

/** Its appearance releases the brake. */
export const releaseFile = 'brake-release';

/** Holds one word, the log level from now on. */
export const levelFile = 'log-level';

/** Levels of log lines, the least talkative first. */
export const logLevels = ['error', 'warn', 'info', 'debug'] as const;
export const LogLevel = z.enum(logLevels);
export type LogLevel = z.infer<typeof LogLevel>;
/** File by which the command line has a key to the API noted: `api-key-<id>.json` with its digest. */
export const keyOrderPattern = /^api-key-(?<id>[0-9a-f]{12})\.json$/;

export function keyOrderFile(id: string): string {
  return `api-key-${id}.json`;
}
