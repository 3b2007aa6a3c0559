/** Orders to a running daemon: files in the control folder, made by the CLI or by a person. */
import { z } from 'zod';

/** Its appearance releases the brake; it holds who did so. */
export const releaseFile = 'brake-release';

/** Who gave an order by a file. A file that somebody made by hand may be empty, or hold anything. */
export const Orderer = z
  .string()
  .trim()
  .regex(/^[\w.@-]{1,100}$/)
  .catch('control folder');

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
