import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { readEnvironment } from '../../../src/config/env.ts';
import { Environment } from '../../../src/config/schema.ts';

const Service = z.object({
  image: z.string(),
  build: z.string().optional(),
  user: z.string().optional(),
  profiles: z.array(z.string()).default([]),
  command: z.array(z.string()).default([]),
  entrypoint: z.array(z.string()).default([]),
  read_only: z.boolean().default(false),
  tmpfs: z.array(z.string()).default([]),
  cap_drop: z.array(z.string()).default([]),
  security_opt: z.array(z.string()).default([]),
  group_add: z.array(z.string()).default([]),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  environment: z.record(z.string(), z.string()).default({}),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
  healthcheck: z.object({ test: z.array(z.string()) }).optional(),
});
const Compose = z.object({
  services: z.record(z.string(), Service),
  volumes: z.record(z.string(), z.null()),
});

const text = readFileSync('docker-compose.yml', 'utf8');

/** The file as Compose sees it with these variables set: `${NAME:-default}`, the only form used, filled in after parsing. */
function compose(variables: Readonly<Record<string, string>> = {}): z.infer<typeof Compose> {
  const fill = (_key: string, value: unknown): unknown =>
    typeof value === 'string'
      ? value.replace(/\$\{(\w+):-([^}]*)\}/g, (_all, name: string, fallback: string) => {
          return variables[name] || fallback;
        })
      : value;
  const filled: unknown = JSON.parse(JSON.stringify(parse(text)), fill);
  expect(JSON.stringify(filled)).not.toContain('${');
  return Compose.parse(filled);
}

function service(name: string, variables: Readonly<Record<string, string>> = {}): z.infer<typeof Service> {
  const found = compose(variables).services[name];
  if (found === undefined) throw new Error(`docker-compose.yml has no service ${name}`);
  return found;
}

/** The settings that the image itself brings, from its ENV lines. */
function imageEnvironment(): Record<string, string> {
  const dockerfile = readFileSync('Dockerfile', 'utf8').replaceAll('\\\n', ' ');
  const pairs = [...dockerfile.matchAll(/^ENV (.*)$/gm)].flatMap(([, line = '']) => line.trim().split(/\s+/));
  return Object.fromEntries(pairs.map((pair) => pair.split('=', 2)));
}

describe('the composed stack', () => {
  test('gives the provisioner settings that it takes, and none that it does not know', () => {
    const { environment } = service('provisioner');
    const unknown = Object.keys(environment).filter((name) => !Object.hasOwn(Environment.shape, name));
    expect(unknown).toEqual([]);
    const settings = readEnvironment({ ...imageEnvironment(), ...environment });
    expect(settings).toMatchObject({
      PROV_PORT: 8090,
      S3_ENDPOINT: 'http://rustfs:9000',
      PROV_WORKSPACE_GID: 1000,
      PROV_ALLOW_UNSIGNED: false,
    });
  });

  test('keeps all state in volumes, so that the root can be read-only', () => {
    const provisioner = service('provisioner');
    expect(provisioner).toMatchObject({
      read_only: true,
      tmpfs: ['/tmp'],
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    });
    const mounts = provisioner.volumes.map((volume) => volume.split(':')[1]);
    const { PROV_DATABASE_URL, PROV_CONTROL_PATH, PROV_TEMPLATE_OUTPUT_PATH } = imageEnvironment();
    for (const path of [PROV_DATABASE_URL, PROV_CONTROL_PATH, PROV_TEMPLATE_OUTPUT_PATH]) {
      expect(mounts.some((mount) => mount !== undefined && path?.startsWith(mount))).toBe(true);
    }
  });

  test('listens where people look for it, on this machine only', () => {
    const ports = Object.values(compose().services).flatMap((each) => each.ports);
    expect(ports.every((port) => port.startsWith('127.0.0.1:'))).toBe(true);
    const published = ports.map((port) => port.split(':')[1]).sort();
    expect(published).toEqual(['8080', '8090', '8443', '8787', '9000', '9001']);
    expect(service('code-server').environment.PASSWORD).toBe('coder');
  });

  test('starts each part when what it needs is healthy', () => {
    const { services } = compose();
    const image = readFileSync('Dockerfile', 'utf8');
    for (const [name, each] of Object.entries(services)) {
      const checked = each.healthcheck !== undefined || (each.build === '.' && /^HEALTHCHECK /m.test(image));
      expect(checked, `${name} has a health check`).toBe(true);
      for (const [needed, { condition }] of Object.entries(each.depends_on)) {
        expect(services, `${name} needs ${needed}`).toHaveProperty([needed]);
        expect(services[needed]?.profiles, `${needed} is always there`).toEqual([]);
        expect(condition).toBe('service_healthy');
      }
    }
    expect(Object.keys(service('provisioner').depends_on).sort()).toEqual(['portal', 'rustfs']);
  });

  test.each(['1000', '4711'])('lets both editors and the provisioner write as group %s', (gid) => {
    const variables = { PROV_WORKSPACE_GID: gid };
    for (const name of ['provisioner', 'code-server', 'rstudio']) {
      expect(service(name).volumes).toContain('products:/products');
    }
    expect(service('provisioner', variables).environment.PROV_WORKSPACE_GID).toBe(gid);
    expect(service('provisioner', variables).group_add).toEqual([gid]);
    expect(service('code-server', variables).group_add).toEqual([gid]);
    expect(service('rstudio', variables).environment).toMatchObject({ GROUPID: gid, UMASK: '0002' });
    for (const name of ['code-server', 'rstudio'])
      expect(service(name).entrypoint.join(' ')).toContain('umask 0002');
  });

  test('shares each secret between those who must agree on it', () => {
    const variables = {
      WEBHOOK_SECRET: 'one',
      WEBHOOK_V2_TOKEN: 'two',
      S3_ACCESS_KEY: 'three',
      S3_SECRET_KEY: 'four',
      PORTAL_API_KEY: 'five',
    };
    const { WEBHOOK_SECRET, WEBHOOK_V2_TOKEN, S3_ACCESS_KEY, S3_SECRET_KEY, PORTAL_API_KEY } = variables;
    expect(service('provisioner', variables).environment).toMatchObject(variables);
    const portal = service('portal', variables).environment;
    expect(portal).toMatchObject({ WEBHOOK_SECRET, PORTAL_API_KEY });
    expect(new URL(portal.WEBHOOK_V2_URL ?? '').searchParams.get('token')).toBe(WEBHOOK_V2_TOKEN);
    expect(service('rustfs', variables).environment).toMatchObject({
      RUSTFS_ACCESS_KEY: S3_ACCESS_KEY,
      RUSTFS_SECRET_KEY: S3_SECRET_KEY,
    });
  });

  // Everything above holds without the program; a build has it, where a skipped test is a failure.
  const program = composeProgram();
  test.skipIf(program === null)('is what Compose itself takes', () => {
    const [command = '', ...args] = program ?? [];
    const env = { PATH: process.env.PATH, HOME: process.env.HOME };
    expect(execFileSync(command, [...args, 'config', '--services'], { env }).toString()).toContain('rustfs');
  });
});

function composeProgram(): [string, ...string[]] | null {
  const candidates: [string, ...string[]][] = [['docker', 'compose'], ['docker-compose']];
  const works = ([command, ...args]: [string, ...string[]]): boolean => {
    try {
      execFileSync(command, [...args, 'version'], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  };
  return candidates.find(works) ?? null;
}
