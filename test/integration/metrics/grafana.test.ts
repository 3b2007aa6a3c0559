/** Dashboard and alert rules ask for what the server really exposes. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { PortalUser } from '../../../demo/people/portal-user.ts';
import { headlines, productStates } from '../../../src/insight/headline.ts';
import { labelValues } from '../../../src/telemetry/metrics.ts';
import { readPromql, type Sample, samplesOf } from '../../support/prometheus.ts';
import { createWorld, eventually, type World } from '../../support/world.ts';

const Rules = z.object({
  groups: z.array(
    z.object({
      rules: z.array(
        z.object({
          alert: z.string(),
          expr: z.string(),
          annotations: z.object({ summary: z.string(), runbook_url: z.string() }),
        }),
      ),
    }),
  ),
});
const Source = z.object({ type: z.string(), uid: z.string() });
const Links = z.array(z.object({ title: z.string(), url: z.string() }));
const Dashboard = z.object({
  templating: z.object({
    list: z.array(z.object({ name: z.string(), type: z.string(), query: z.string() })),
  }),
  panels: z.array(
    z.object({
      id: z.number(),
      title: z.string(),
      gridPos: z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() }),
      datasource: Source.optional(),
      fieldConfig: z
        .object({
          defaults: z.object({ links: Links.optional() }),
          overrides: z.array(
            z.object({
              matcher: z.object({ id: z.literal('byName'), options: z.string() }),
              properties: z.array(z.object({ id: z.literal('links'), value: Links })),
            }),
          ),
        })
        .optional(),
      targets: z.array(z.object({ expr: z.string().optional() })).default([]),
    }),
  ),
});

const { groups } = Rules.parse(parse(readFileSync('deploy/grafana/provisioner.rules.yaml', 'utf8')));
const rules = groups.flatMap((group) => group.rules);
const dashboard = Dashboard.parse(JSON.parse(readFileSync('deploy/grafana/dashboard.json', 'utf8')));
/** Variables that Grafana fills in. */
const filled = (text: string) => text.replaceAll('$__rate_interval', '5m').replaceAll('$job', '.*');
const asked: [string, string][] = [
  ...rules.map(({ alert, expr }): [string, string] => [alert, expr]),
  ...dashboard.panels
    .filter(({ datasource }) => datasource?.type === 'prometheus')
    .flatMap(({ title, targets }) => targets.map(({ expr = '' }): [string, string] => [title, filled(expr)])),
];

let world: World;
let samples: readonly Sample[];
let names: ReadonlySet<string>;

beforeAll(async () => {
  world = await createWorld();
  await new PortalUser(world.portal.url).createProduct('measured', 'measured');
  await eventually('.env', () => world.workspaceFile('measured', '.env'));
  const text = await eventually('the run in the metrics', async () => {
    const answer = await (await fetch(`${world.daemon().url}/metrics`)).text();
    return answer.includes('condition="Ready"') && answer.includes('kind="hand-over-key"') ? answer : null;
  });
  samples = samplesOf(text);
  names = new Set([
    ...samples.map(({ name }) => name),
    ...[...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name),
  ]);
});
afterAll(() => world?.[Symbol.asyncDispose]());

/** Added by Prometheus when it scrapes. */
const ofTheScrape = ['job', 'instance'];
/** Labels of counters that nothing was counted in yet. */
const unseen: Readonly<Record<string, readonly string[]>> = {
  provisioner_drift_total: ['field'],
  provisioner_leaks_total: [],
  provisioner_notifications_total: ['channel', 'outcome'],
};

test.each(asked)('%s: %s', (_title, expression) => {
  const { metrics, labels, errors, wanted } = readPromql(expression);
  expect(errors).toEqual([]);
  expect(metrics.filter((name) => !names.has(name))).toEqual([]);
  expect(metrics.length).toBeGreaterThan(0);
  const known = new Set([
    ...ofTheScrape,
    ...samples.filter(({ name }) => metrics.includes(name)).flatMap((sample) => Object.keys(sample.labels)),
    ...metrics.flatMap((name) => unseen[name] ?? []),
  ]);
  expect(labels.filter((label) => !known.has(label))).toEqual([]);
  const strange = wanted.flatMap(({ metric, label, values }) =>
    values.filter((value) => !valuesOf(metric, label).has(value)),
  );
  expect(strange).toEqual([]);
});

/** Values that a label can have: those that were seen, and those that the code has beside them. */
function valuesOf(metric: string, label: string): ReadonlySet<string | undefined> {
  const stage = metric.replace(/^provisioner_|s?_(seconds|total)(_\w+)?$/g, '');
  const declared: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
    ...labelValues,
    products: { condition: headlines, state: productStates },
  };
  return new Set([
    ...samples.filter(({ name }) => name === metric).map(({ labels }) => labels[label]),
    ...(declared[stage]?.[label] ?? []),
  ]);
}

test('an expression that is wrong, one on a metric that is not there, and one on a value that no label has, would be found', () => {
  expect(readPromql('sum(rate(x[5m])').errors).not.toEqual([]);
  const { wanted } = readPromql('provisioner_run_seconds_count{outcome="successful"}');
  expect(wanted).toEqual([
    { metric: 'provisioner_run_seconds_count', label: 'outcome', values: ['successful'] },
  ]);
  expect(valuesOf('provisioner_run_seconds_count', 'outcome')).toEqual(new Set(['succeeded', 'failed']));
  expect(readPromql('provisioner_nothing').metrics.filter((name) => !names.has(name))).toHaveLength(1);
});

test('every metric of ours is on the dashboard', () => {
  const shown = asked.map(([, expression]) => expression).join('\n');
  const ours = [...names]
    .filter((name) => name.startsWith('provisioner_'))
    .map((name) => name.replace(/_(bucket|count|sum)$/, ''));
  expect([...new Set(ours)].filter((name) => !shown.includes(name))).toEqual([]);
});

test('every alert leads to a heading of the pages', () => {
  for (const { alert, annotations } of rules) {
    const [path = '', anchor = ''] = annotations.runbook_url.split('#');
    const headings = [...readFileSync(path, 'utf8').matchAll(/^#{1,6} (.+)$/gm)].map(([, text = '']) =>
      text
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replaceAll(' ', '-'),
    );
    expect(headings, alert).toContain(anchor);
  }
});

describe('the dashboard', () => {
  test('asks only data sources that one can choose', () => {
    const variables = dashboard.templating.list.filter(({ type }) => type === 'datasource');
    expect(variables.map(({ query }) => query).sort()).toEqual(['loki', 'prometheus', 'tempo']);
    const chosen = variables.map(({ name }) => `\${${name}}`);
    const used = dashboard.panels.flatMap(({ datasource }) => datasource?.uid ?? []);
    expect(used.filter((uid) => !chosen.includes(uid))).toEqual([]);
  });

  test('leads to Loki and Tempo by links of the form that Explore reads, by trace and by delivery', () => {
    const links = linksIn(dashboard.panels);
    for (const variable of ['loki', 'tempo'])
      expect(links.map(({ datasource }) => datasource)).toContain(`\${${variable}}`);
    expect(new Set(links.map(({ datasource }) => datasource)).size).toBe(2);
    const byId = links.filter(({ queries }) => JSON.stringify(queries).includes(`\${__value.raw}`));
    expect(new Set(byId.map(({ field }) => field))).toEqual(new Set(['traceID', 'trace', 'delivery']));
  });

  test('has no panel on top of another', () => {
    const overlaps = dashboard.panels.flatMap((one) =>
      dashboard.panels
        .filter((other) => other.id > one.id && isOver(one.gridPos, other.gridPos))
        .map((other) => `${one.title} / ${other.title}`),
    );
    expect(overlaps).toEqual([]);
  });
});

const Explore = z.object({
  datasource: z.string(),
  queries: z.array(z.object({ refId: z.string() }).catchall(z.string())).min(1),
  range: z.object({ from: z.literal(`\${__from}`), to: z.literal(`\${__to}`) }),
});

/** Each data link with the field that it stands on; `null`: every field of the panel. */
function linksIn(panels: z.infer<typeof Dashboard>['panels']) {
  return panels.flatMap(({ fieldConfig }) => [
    ...(fieldConfig?.defaults.links ?? []).map(({ url }) => ({ field: null, ...explored(url) })),
    ...(fieldConfig?.overrides ?? []).flatMap(({ matcher, properties }) =>
      properties.flatMap(({ value }) =>
        value.map(({ url }) => ({ field: matcher.options, ...explored(url) })),
      ),
    ),
  ]);
}

function explored(url: string): z.infer<typeof Explore> {
  return Explore.parse(JSON.parse(url.replace('/explore?left=', '')));
}

interface Place {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

function isOver(a: Place, b: Place): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}
