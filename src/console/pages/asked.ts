/** What a product asked for in the portal, beside what is in force. */
import { isApproved } from '../../grants/granted.ts';
import { findNodes } from '../../insight/neighbours.ts';
import type { ProductDetail } from '../../insight/product.ts';
import { asProvisionerError } from '../../model/errors.ts';
import type { Input } from '../../model/product.ts';
import type { Sources } from '../sources.ts';
import type { Markup, Render } from '../views.ts';

/** The table of requests; says so when the portal does not answer. */
export async function askedSection(
  base: string,
  sources: Sources,
  render: Render,
  product: ProductDetail,
): Promise<Markup> {
  const inputs = await requestsOf(sources, product);
  if (typeof inputs === 'string') return render('asked', { base, id: product.id, away: inputs });
  const nodes = await findNodes(sources.db, [...new Set(inputs.map(({ provider }) => provider))]);
  const names = new Map(nodes.map(({ id, name }) => [id, name]));
  const inForce = new Set(product.inputs.map(({ outputPort }) => outputPort));
  const now = sources.clock().getTime();
  const rows = inputs.map((input) => ({
    port: input.outputPortId,
    portName: input.outputPortName,
    provider: input.provider,
    name: names.get(input.provider) ?? input.provider,
    status: input.status,
    until: input.validUntil,
    readable: inForce.has(input.outputPortId),
    should: isApproved(input, now),
  }));
  return render('asked', {
    base,
    id: product.id,
    rows: rows
      .map((row) => ({ ...row, ...wordOf(row) }))
      .sort((one, other) => Number(one.readable) - Number(other.readable)),
  });
}

function wordOf({ readable, should, status }: { readable: boolean; should: boolean; status: string }) {
  if (readable && should) return { word: 'Readable', tone: 'good', ask: 'Why?' };
  if (readable) return { word: 'Readable until the next run', tone: 'note', ask: 'Why?' };
  if (should) return { word: 'Approved, not in force', tone: 'bad', ask: 'Why not?' };
  return { word: status, tone: status === 'pending' ? 'busy' : 'gone', ask: 'Why not?' };
}

/** Somebody looks at the page meanwhile: its other parts are worth showing. */
const patienceMs = 4000;

/** The product's requests, or why the portal could not be asked. */
export async function requestsOf(
  { inputsOf }: Sources,
  product: ProductDetail,
): Promise<readonly Input[] | string> {
  const { promise: impatience, resolve: giveUp } = Promise.withResolvers<string>();
  const timer = setTimeout(() => giveUp(`it did not answer within ${patienceMs / 1000} s.`), patienceMs);
  const asked = inputsOf(product.id).catch((thrown: unknown) => asProvisionerError(thrown).message);
  const answer = await Promise.race([asked, impatience]);
  clearTimeout(timer);
  return answer;
}
