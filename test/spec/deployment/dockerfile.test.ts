import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import packageJson from '../../../package.json' with { type: 'json' };

/** The instructions, with continued lines joined and comments left out. */
const instructions = readFileSync('Dockerfile', 'utf8')
  .replace(/^#.*$/gm, '')
  .replaceAll('\\\n', ' ')
  .split('\n')
  .filter((line) => line.trim() !== '');
const last = instructions.slice(instructions.findLastIndex((line) => line.startsWith('FROM ')));

/** What the build takes from this repository into the image. */
const copied = last
  .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
  .flatMap((line) => line.split(/\s+/).slice(1, -1));

describe('the image', () => {
  test('is built on an LTS release of Node that runs TypeScript as it is', () => {
    const bases = instructions.filter((line) => line.startsWith('FROM '));
    expect(bases.length).toBeGreaterThan(1);
    for (const base of bases) expect(base).toMatch(/^FROM node:24-bookworm-slim/);
  });

  test('does not run as root, and tells how it is', () => {
    const users = last.filter((line) => line.startsWith('USER '));
    expect(users).toEqual(['USER provisioner']);
    expect(last.findIndex((line) => line.startsWith('USER '))).toBeLessThan(
      last.findIndex((line) => line.startsWith('CMD ')),
    );
    expect(last.find((line) => line.startsWith('HEALTHCHECK '))).toContain('/health/live');
  });

  test('holds everything that the start needs, and the build is given all of it', () => {
    expect(copied).toEqual(expect.arrayContaining(['package.json', 'src', 'templates', 'demo/portal']));
    const given = readFileSync('.dockerignore', 'utf8').split('\n');
    for (const path of [...copied, 'package-lock.json']) {
      expect(existsSync(path), path).toBe(true);
      expect(given).toContain(`!${path}`);
    }
  });

  test('starts with the words of `npm start`', () => {
    const words = JSON.parse(last.at(-1)?.replace(/^CMD /, '') ?? '');
    expect(words).toEqual(packageJson.scripts.start.split(' '));
  });

  test('holds every package that its code imports, without those for development', () => {
    const wanted = [...new Set(['src', 'demo/portal'].flatMap(importedPackages))].sort();
    expect(wanted).toContain('express');
    const installed = Object.keys(packageJson.dependencies);
    expect(wanted.filter((name) => !installed.includes(name))).toEqual([]);
  });

  test('leaves the simulator with imports of its own folder only', () => {
    const leading = sources('demo/portal').filter((file) =>
      /from '(\.\.\/)+src\//.test(readFileSync(file, 'utf8')),
    );
    expect(leading).toEqual([]);
  });
});

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => join(folder, path));
}

function importedPackages(folder: string): string[] {
  return sources(folder).flatMap((file) => {
    const imports = readFileSync(file, 'utf8').matchAll(
      /^(?:import|export|\}).* from '((?:@[\w-]+\/)?[\w-]+)(?:\/[^']*)?'/gm,
    );
    const code = [...imports].filter(([whole]) => !whole.includes(" from 'node:"));
    return code.flatMap(([, name]) => name ?? []);
  });
}
