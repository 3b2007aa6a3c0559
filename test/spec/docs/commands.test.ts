/** Commands in the pages are true: each is known here, and what it names exists. Those that are quick are run in `test/e2e`. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { createProgram } from '../../../src/cli/cli.ts';
import { readEnvironment } from '../../../src/config/env.ts';
import { Environment } from '../../../src/config/schema.ts';
import { type Command, commandsOf, readPages } from '../../support/pages.ts';

const Package = z.object({
  scripts: z.record(z.string(), z.string()),
  devDependencies: z.record(z.string(), z.string()),
});
const project = Package.parse(JSON.parse(readFileSync('package.json', 'utf8')));
const compose = readFileSync('docker-compose.yml', 'utf8');
const Services = z.object({
  services: z.record(z.string(), z.object({ profiles: z.array(z.string()).default([]) })),
});
const { services } = Services.parse(parse(compose));
const provisioner = createProgram({});

const file = (path: string) => (existsSync(path) ? null : `there is no ${path}`);
const script = (name: string) => (name in project.scripts ? null : `package.json has no script ${name}`);
/** Follows the words into the program's own commands, then holds options and arguments against the last of them. */
const command = (words: readonly string[], parent = provisioner): string | null => {
  const [first = '', ...rest] = words;
  const next = parent.commands.find((each) => each.name() === first);
  if (next !== undefined) return command(rest, next);
  const options = words.filter((word) => word.startsWith('-'));
  const unknown = options.filter(
    (word) => !parent.options.some(({ long, short }) => word === long || word === short),
  );
  const isGroup = parent.commands.length > 0 && options.length === 0;
  return unknown.length > 0 || isGroup ? `${parent.name()} knows no ${words.join(' ')}` : null;
};
/** Options must stand in the program, as they are typed or as `parseArgs` has them; their values may be anything. */
const switches = (path: string, words: readonly string[]) => {
  const text = readFileSync(path, 'utf8');
  const options = words.filter((word) => word.startsWith('--'));
  const unknown = options.filter((word) => !text.includes(word) && !text.includes(` ${word.slice(2)}: {`));
  return unknown.length === 0 ? null : `${path} does not know ${unknown.join(' ')}`;
};
/** Servers of others that a page starts: nothing of ours to hold them against. */
const others = /^(minio|rustfs|versitygw)$/;

/** What is wrong with a command, or null; undefined when nobody here knows it. */
function fault({ words: [program = '', ...args] }: Command): string | null | undefined {
  if (program === '' || others.test(program)) return null;
  if (program === 'npm') return npm(args);
  if (program === 'provisioner') return command(args);
  if (program === 'npx' && args[0] === 'provisioner') return command(args.slice(1));
  if (program === 'node') return node(args);
  if (program === 'docker') return docker(args);
  if (program === 'npx' && args[0] === 'vitest' && args[1] === 'run') {
    return 'vitest' in project.devDependencies
      ? (args
          .slice(2)
          .map(file)
          .find((each) => each !== null) ?? null)
      : 'no vitest';
  }
  if (program === 'curl')
    return args.some((word) => /^http:\/\/localhost:8090\/(health(\/live|\/ready)?|metrics)?$/.test(word))
      ? null
      : 'no such address';
  return undefined;
}

function npm([verb = '', ...rest]: readonly string[]): string | null | undefined {
  if (verb === 'ci') return file('package-lock.json');
  if (verb === 'test' || verb === 'start') return script(verb);
  if (verb !== 'run') return undefined;
  const [name = '', dashes, ...args] = rest;
  if (script(name) !== null || dashes === undefined) return script(name);
  if (dashes !== '--') return `npm keeps ${dashes} for itself: -- is missing`;
  if (name === 'provisioner') return command(args);
  const main = /^node (\S+)$/.exec(project.scripts[name] ?? '')?.[1];
  return main === undefined ? undefined : switches(main, args);
}

function node(args: readonly string[]): string | null {
  const [main = '', ...rest] = args.filter((word) => !/^--max-(old|semi)-space-size=\d+$/.test(word));
  return file(main) ?? (main === 'src/main.js' && rest.length > 0 ? command(rest) : null);
}

function docker([verb = '', ...args]: readonly string[]): string | null | undefined {
  if (verb === 'build') return file('Dockerfile');
  if (verb !== 'compose') return undefined;
  const [what, service = '', ...rest] = args;
  if (what === 'up') return service === '--build' ? null : undefined;
  if (what === 'config') return null;
  if (what !== 'exec') return undefined;
  return service in services ? (fault({ where: '', set: {}, words: rest }) ?? null) : `no service ${service}`;
}

/** Names that a page may set: our settings, what the compose file asks for, and its own switches. */
function unknownNames({ set, words: [program = ''] }: Command): readonly string[] {
  if (others.test(program)) return [];
  const ours = [...Object.keys(Environment.shape), 'COMPOSE_PROFILES', 'UPDATE_DOCS'];
  return Object.keys(set).filter((name) => !ours.includes(name) && !compose.includes(`\${${name}:`));
}

const commands = readPages().flatMap(commandsOf);

describe('commands in the pages', () => {
  test.each(commands.map((one) => [`${one.words.join(' ') || 'export'} (${one.where})`, one] as const))(
    '%s',
    (_name, one) => {
      const found = fault(one);
      expect(found === undefined ? 'nobody knows this command: classify it here' : found).toBeNull();
      if (!one.where.startsWith('docs/stores.md')) expect(unknownNames(one)).toEqual([]);
      const profile = one.set.COMPOSE_PROFILES;
      if (profile !== undefined)
        expect(Object.values(services).flatMap(({ profiles }) => profiles)).toContain(profile);
    },
  );

  test('that start the daemon set all that it needs', () => {
    const page = readPages().find(({ path }) => path === 'README.md');
    const section = page?.text.slice(page.text.indexOf('## Run it')).split('\n## ')[0] ?? '';
    const set = commandsOf({ path: 'README.md', text: section }).map((one) => one.set);
    const given = Object.entries<string>(Object.assign({}, ...set));
    // Three dots stand for a value of the reader's own.
    const filled = given.map(([name, value]) => [name, value === '…' ? 'a-value-of-yours' : value]);
    expect(() => readEnvironment(Object.fromEntries(filled))).not.toThrow();
  });

  test('are more than a few, so that the parser has found them', () => {
    expect(commands.length).toBeGreaterThan(15);
    expect(commands.map(({ words }) => words.join(' '))).toContain('npm run demo');
  });

  test.each([
    ['npm run no-such-script', 'package.json has no script no-such-script'],
    ['npm run demo -- --for-ever', 'demo/main.ts does not know --for-ever'],
    ['npm run provisioner -- dance', 'provisioner knows no dance'],
    ['npm run demo --once', 'npm keeps --once for itself: -- is missing'],
    ['node src/missing.ts', 'there is no src/missing.ts'],
    ['docker compose exec nobody true', 'no service nobody'],
    ['curl http://localhost:8090/no-such-page', 'no such address'],
    ['make install', undefined],
  ])('a wrong one would be found: %s', (line, wanted) => {
    const [one] = commandsOf({ path: 'x.md', text: `\`\`\`sh\n${line}\n\`\`\`` });
    expect(one && fault(one)).toBe(wanted);
  });

  test('variables that are set for no reason would be found', () => {
    const [one] = commandsOf({ path: 'x.md', text: '`S3_ENDPOINT=http://s3 S3_TYPO=1 npm start`' });
    expect(one && unknownNames(one)).toEqual(['S3_TYPO']);
  });
});
