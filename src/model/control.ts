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
