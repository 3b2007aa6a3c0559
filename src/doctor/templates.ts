/** The templates: loaded as the daemon loads them, then rendered for odd products. */
import { loadPlatform } from '../compose/platform.ts';
import type { Environment } from '../config/schema.ts';
import { asProvisionerError } from '../model/errors.ts';
import { lintLoaded } from '../workspace/lint.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

/** Findings per template that are told one by one. */
const mostTold = 3;

export async function examineTemplates(env: Environment): Promise<readonly Finding[]> {
  try {
    const { catalogue } = await loadPlatform(env, null);
    const names = [...catalogue.choices.keys()].sort();
    const wrong = [...catalogue.choices].flatMap(([name, { template }]) =>
      lintLoaded(template)
        .slice(0, mostTold)
        .map(({ file, problem }) => `${name}: ${file}: ${problem}`),
    );
    if (wrong.length === 0)
      return [ok(`${names.join(', ')} can be rendered; products get ${catalogue.fallback.template.id}`)];
    return wrong.map((seen) => warn(seen, 'See all of it with `provisioner template lint <folder>`.'));
  } catch (thrown) {
    const { message } = asProvisionerError(thrown);
    return [
      fail(message, 'The daemon does not start like this. Correct PROV_TEMPLATE_PATH or the platform file.'),
    ];
  }
}
