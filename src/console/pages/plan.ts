/** What a run would do now, as a readable list and diff. */
import type { ProductDetail } from '../../insight/product.ts';
import { asProvisionerError } from '../../model/errors.ts';
import { driftOf } from '../difference.ts';
import type { Sources } from '../sources.ts';
import type { Markup, Render } from '../views.ts';

export async function planSection(
  base: string,
  { commands, clock }: Sources,
  render: Render,
  product: ProductDetail,
): Promise<Markup> {
  const common = { base, id: product.id, at: clock() };
  try {
    const found = await commands.plan(product.id);
    if (found === null) return render('plan', { ...common, unknown: true });
    return render('plan', { ...common, ...found, changes: driftOf(found.drift) });
  } catch (thrown) {
    const { code, message } = asProvisionerError(thrown);
    return render('plan', { ...common, code, away: message });
  }
}
