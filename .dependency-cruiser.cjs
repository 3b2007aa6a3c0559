/** Who may import whom: the table of docs/architecture.md as rules. A folder that is not named may import nothing. */
const allowed = {
  model: [],
  grants: ['model'],
  telemetry: ['model'],
  secrets: ['model'],
  config: ['model', 'secrets'],
  db: ['model', 'telemetry'],
  portal: ['model', 'telemetry'],
  signing: ['model'],
  storage: ['model', 'telemetry', 'signing'],
  identity: ['model', 'telemetry', 'grants', 'signing'],
  workspace: ['model', 'telemetry'],
  sinks: ['model', 'secrets'],
  insight: ['model', 'db'],
  queue: ['model', 'telemetry', 'db'],
  notify: ['model', 'telemetry', 'db'],
  intake: ['model', 'telemetry', 'db', 'queue'],
  doctor: ['model', 'config', 'telemetry', 'db', 'portal', 'storage', 'identity', 'workspace', 'compose'],
  auth: ['model', 'telemetry', 'db'],
  api: ['model', 'telemetry', 'db', 'queue', 'insight', 'control', 'auth'],
  reconcile: [
    'model',
    'grants',
    'telemetry',
    'db',
    'queue',
    'portal',
    'storage',
    'identity',
    'workspace',
    'sinks',
  ],
  control: ['model', 'db', 'queue', 'reconcile'],
  console: ['model', 'grants', 'telemetry', 'db', 'workspace', 'insight', 'auth', 'control'],
};

const folderRules = Object.entries(allowed).map(([folder, others]) => ({
  name: `${folder}-imports`,
  comment: `${folder} may import ${others.join(', ') || 'nothing of ours'}`,
  severity: 'error',
  from: { path: `^src/${folder}/` },
  to: { path: '^src/', pathNot: `^src/(${[folder, ...others].join('|')})/` },
}));

module.exports = {
  forbidden: [
    ...folderRules,
    {
      name: 'cli-imports',
      severity: 'error',
      from: { path: '^src/cli/' },
      to: {
        path: '^src/',
        pathNot: '^src/(cli|model|config|auth|telemetry|compose|workspace|doctor)/|^src/daemon[.]ts$',
      },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'nobody-imports-main', severity: 'error', from: {}, to: { path: '^src/main[.]ts$' } },
    {
      name: 'adapters-are-private',
      comment: 'Only identity/find-issuer.ts picks an adapter.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/identity/' },
      to: { path: '^src/identity/issuers/' },
    },
    {
      name: 'pure-files',
      comment: 'What decides does no I/O: no node module, no package.',
      severity: 'error',
      from: {
        path: '^src/(grants/|reconcile/(plan|plan-keys|plan-files|rollout-stage|history-message|conditions|differences|audit)[.]ts|queue/backoff[.]ts|intake/affected-products[.]ts|workspace/env-block[.]ts)',
      },
      to: { dependencyTypes: ['core', 'npm'] },
    },
    {
      name: 'heavy-packages-are-lazy',
      comment: 'Who wants no traces and no mail does not pay for them: only `import()` reaches these files.',
      severity: 'error',
      from: {},
      to: { path: '^src/(telemetry/otel|notify/mail)[.]ts$', dynamic: false },
    },
    {
      name: 'heavy-packages-have-one-place',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(telemetry/otel|notify/mail)[.]ts$' },
      to: { path: '^node_modules/(@opentelemetry|nodemailer)/' },
    },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'types', 'default'],
    },
  },
};
