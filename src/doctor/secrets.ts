/** How hard our own secrets are to guess; no value is ever shown. */
import { Environment } from '../config/schema.ts';
import { SettingMeta } from '../config/settings/forms.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

/** Public defaults of this project's compose file and of the stores it starts. */
const wellKnown = new Set([
  'compose-webhook-secret',
  'compose-webhook-token',
  'change-me-in-earnest',
  'a-long-random-secret',
  'a-long-random-token',
  'from-your-secret-store',
  'minioadmin',
  'rustfsadmin',
  'provisioneradmin',
  'changeme',
  'change-me',
  'password',
  'secret',
]);
/** What the docs show. */
const examples = new Set(
  Object.values(Environment.shape).flatMap((schema) => {
    const { secret, example } = SettingMeta.parse(schema.meta());
    return secret === true ? example.split(',') : [];
  }),
);
const leastLength = 16;
/** Of a text's own distribution; 16 random hexadecimal digits have some 56. */
const leastBits = 48;

/** Of every setting that is a secret, and of passwords in addresses. */
export function examineSecrets(env: Environment): readonly Finding[] {
  const findings = Object.keys(Environment.shape).flatMap((name) => {
    const [weak] = secretsIn(env, name as keyof Environment).flatMap(({ what, value }) => {
      const weakness = weaknessOf(value);
      return weakness === null ? [] : [judge(what, weakness)];
    });
    return weak === undefined ? [] : [weak];
  });
  if (env.PROV_ALLOW_UNSIGNED)
    findings.push(
      warn(
        'webhooks are taken without proof (PROV_ALLOW_UNSIGNED=true): anybody who reaches us can have us look at products',
        'Set WEBHOOK_SECRET or WEBHOOK_V2_TOKEN here and in the portal, and take PROV_ALLOW_UNSIGNED away.',
      ),
    );
  return findings.length === 0
    ? [ok('none of our secrets is a known default, short, or repetitive')]
    : findings;
}

interface HeldSecret {
  /** How a finding names it. */
  readonly what: string;
  readonly value: string;
}

function secretsIn(env: Environment, name: keyof Environment): readonly HeldSecret[] {
  const value = env[name];
  const texts = (Array.isArray(value) ? value : [value]).filter((each) => typeof each === 'string');
  const { secret } = metaOf(name);
  return texts.flatMap((text) => {
    const address = text.includes('://') ? URL.parse(text) : null;
    if (address === null)
      // A database in a folder is no secret, though its address may hold one.
      return secret === true && name !== 'PROV_DATABASE_URL' ? [{ what: name, value: text }] : [];
    const password = decodeURIComponent(address.password);
    return password === '' ? [] : [{ what: `the password in ${name}`, value: password }];
  });
}

function metaOf(name: keyof Environment): SettingMeta {
  return SettingMeta.parse(Environment.shape[name].meta());
}

function judge(name: string, weak: Weakness): Finding {
  const todo =
    'Make another with `openssl rand -hex 32`; for webhooks both old and new can be set, comma separated, while it is changed.';
  return weak.known ? fail(`${name} is ${weak.words}`, todo) : warn(`${name} is ${weak.words}`, todo);
}

interface Weakness {
  readonly words: string;
  readonly known: boolean;
}

/** What makes the secret easy to guess; `null` = nothing that can be seen. */
export function weaknessOf(secret: string): Weakness | null {
  if (wellKnown.has(secret.toLowerCase()) || examples.has(secret))
    return { words: 'a public default', known: true };
  if (secret.length < leastLength) return { words: `shorter than ${leastLength} characters`, known: false };
  if (bitsOf(secret) < leastBits) return { words: 'made of few different characters', known: false };
  return null;
}

/** Shannon's measure over the text's own characters, times its length: an upper bound of what there is to guess. */
function bitsOf(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  return [...counts.values()].reduce((bits, count) => bits - count * Math.log2(count / text.length), 0);
}
