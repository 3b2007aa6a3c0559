/** Forms that settings have, and what goes with each setting. */
import { z } from 'zod';

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A length of time such as `90s`, `15m`, `2h`, `30d` (a bare number is seconds); read as milliseconds. */
export const duration = z
  .string()
  .regex(/^\d+(ms|s|m|h|d)?$/, 'must be a length of time such as 90s, 15m, 2h or 30d')
  .transform((text) => Number.parseInt(text, 10) * (unitMs[text.replace(/^\d+/, '') || 's'] ?? 1000));

export const flag = z
  .enum(['true', 'false', '1', '0', 'yes', 'no'], 'must be true or false')
  .transform((text) => text === 'true' || text === '1' || text === 'yes');

export const httpUrl = z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' });

/** Comma-separated values, so that a secret can be changed without a gap: old and new are valid side by side. */
export const list = z.string().transform((text) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== ''),
);

/** A shorter one could not be masked in log lines without blotting out ordinary words (`telemetry/redact.ts`). */
const shortestSecret = 6;
const tooShort = `must have at least ${shortestSecret} characters`;

/** A secret of ours. */
export const secret = z.string().min(shortestSecret, tooShort);

/** Several, comma separated. */
export const secrets = list.refine((each) => each.every((text) => text.length >= shortestSecret), tooShort);

export const integer = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d+$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().min(min, `must be at least ${min}`).max(max, `must be at most ${max}`));

/** Form of the metadata of one setting, for the parts that print it. */
export const SettingMeta = z.object({
  about: z.string(),
  example: z.string(),
  group: z.string(),
  secret: z.literal(true).optional(),
});
export type SettingMeta = z.infer<typeof SettingMeta>;

/** Settings of one group, each with its metadata. */
export const settingsOf =
  (group: string) =>
  <T extends z.ZodType>(schema: T, meta: Omit<SettingMeta, 'group'>): T =>
    schema.meta({ ...meta, group });
