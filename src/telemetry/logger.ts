/** Logs for people on a terminal and for machines elsewhere; no line leaves without redaction. */
import winston from 'winston';
import type { LogLevel } from '../model/control.ts';
import type { Redactor } from './redact.ts';

/** Fields of a line: `delivery`, `product`, `run`, `action`, `code` and whatever else is a fact, never a secret. */
export type Facts = Readonly<Record<string, unknown>>;

/** What a part needs of the log. `with` makes a logger whose every line carries the given facts. */
export interface Logger {
  error(message: string, facts?: Facts): void;
  warn(message: string, facts?: Facts): void;
  info(message: string, facts?: Facts): void;
  debug(message: string, facts?: Facts): void;
  with(facts: Facts): Logger;
}

export interface LoggerOptions {
  readonly format: 'pretty' | 'json';
  readonly level: string;
  readonly colour: boolean;
  readonly redactor: Redactor;
  /** Facts that every line gets when it is written, for example the trace that it belongs to. */
  readonly context?: () => Facts;
  readonly stream?: NodeJS.WritableStream;
}

const unprintable = /[\p{Cc}\p{Zl}\p{Zp}]/gu;

/** Control characters written out, so that a name from outside can not forge a line or move the cursor. */
function printable(text: string): string {
  return text.replace(
    unprintable,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}

function prettyLine(info: winston.Logform.TransformableInfo): string {
  const { level, message, timestamp, ...facts } = info;
  const pairs = Object.entries(facts).map(([key, value]) => `${key}=${prettyValue(value)}`);
  const time = String(timestamp).slice(11, 23);
  return [`${time} ${level}`, printable(String(message)), ...pairs].join('  ');
}

function prettyValue(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return printable(
    text !== undefined && /^[\w.:/@-]+$/.test(text) ? text : (JSON.stringify(value) ?? 'undefined'),
  );
}

/** The logger whose level counts for all that are made of it. */
export interface RootLogger extends Logger {
  setLevel(level: LogLevel): void;
}

/** Makes the root logger: readable lines (with colour only where asked) or one JSON object per line. */
export function createLogger(options: LoggerOptions): RootLogger {
  const { combine, timestamp, json, colorize, printf } = winston.format;
  const last = Symbol.for('message');
  const redact = winston.format((info) => {
    // JSON lets line separators through, which some readers of logs take for the end of a line.
    info[last] = options.redactor.redact(String(info[last])).replace(/[\u2028\u2029]/g, printable);
    return info;
  });
  const withContext = winston.format((info) => Object.assign(info, options.context?.()));
  const layout =
    options.format === 'json' ? [json()] : [...(options.colour ? [colorize()] : []), printf(prettyLine)];
  const root = winston.createLogger({
    level: options.level,
    format: combine(timestamp(), withContext(), ...layout, redact()),
    transports: [
      options.stream === undefined
        ? new winston.transports.Console()
        : new winston.transports.Stream({ stream: options.stream }),
    ],
  });
  return {
    ...wrap(root),
    setLevel: (level) => {
      root.level = level;
    },
  };
}

function wrap(logger: winston.Logger): Logger {
  // Asked first: winston lays a line out, and we redact it, before it looks whether anybody wants it.
  const at =
    (level: LogLevel) =>
    (message: string, facts: Facts = {}): void => {
      if (logger.isLevelEnabled(level)) logger.log(level, message, facts);
    };
  return {
    error: at('error'),
    warn: at('warn'),
    info: at('info'),
    debug: at('debug'),
    with: (facts) => wrap(logger.child(facts)),
  };
}
