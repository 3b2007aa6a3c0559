/** Real Python as the judge of what its own `json` module does. One process answers for all bodies of a test. */
import { spawnSync } from 'node:child_process';
import { z } from 'zod';

/** Strict where `canonicalJson` says it is stricter than Python, and without the limit that it says it ignores. */
const program = `
import base64, json, sys
getattr(sys, "set_int_max_str_digits", lambda limit: None)(0)
def refuse(constant):
    raise ValueError(constant)
def answer(body):
    try:
        return json.dumps(json.loads(base64.b64decode(body).decode("utf-8"), parse_constant=refuse))
    except ValueError:
        return None
print(json.dumps([answer(body) for body in json.load(sys.stdin)]))
`;

/**
 * `json.dumps(json.loads(body))` of every body, null where Python refuses it.
 *
 * @throws when there is no `python3`: these tests are not to be skipped
 */
export function dumpsOfLoads(bodies: readonly Uint8Array[]): (string | null)[] {
  const input = JSON.stringify(bodies.map((body) => Buffer.from(body).toString('base64')));
  const run = spawnSync('python3', ['-c', program], { input, encoding: 'utf8', maxBuffer: 1 << 28 });
  if (run.error !== undefined || run.status !== 0) {
    throw new Error(`python3 is needed to judge these tests: ${run.error?.message ?? run.stderr}`);
  }
  return z.array(z.string().nullable()).parse(JSON.parse(run.stdout));
}
