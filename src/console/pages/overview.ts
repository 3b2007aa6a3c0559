/** The first page: what needs a person, how all stands, how much is going on. */
import type { Headline } from '../../insight/headline.ts';
import { type Overview, readOverview } from '../../insight/overview.ts';
import type { StoreReport } from '../../model/store-report.ts';
import type { Page } from '../page.ts';
import { sparkline } from '../pictures/sparkline.ts';
import { remedyOf } from '../remedies.ts';
import type { Sources } from '../sources.ts';
import { badgeOf, badgeOfHeadline } from '../standing.ts';
import type { Render } from '../views.ts';
import { may, type Visitor } from '../visitor.ts';

export async function overviewPage(
  base: string,
  { db, store, clock }: Sources,
  render: Render,
  visitor: Visitor,
): Promise<Page> {
  const overview = await readOverview(db, clock());
  return {
    section: 'overview',
    title: 'Overview',
    body: render('overview', {
      base,
      ...needsOf(overview),
      counts: countsOf(base, overview),
      empty: Object.values(overview.byState).every((count) => count === 0),
      hour: { ...overview.lastHour, failedPercent: Math.round(overview.lastHour.failureShare * 1000) / 10 },
      deliveries: overview.deliveries,
      spark: sparkline(overview.lastHour.minutes, overview.at),
      admin: may(visitor, 'admin'),
      store: storeOf(store()),
    }),
    ...(may(visitor, 'operator')
      ? {
          after: render('estate-orders', {
            base,
            admin: may(visitor, 'admin'),
            paused: overview.pause !== null,
          }),
        }
      : {}),
    topics: ['runs', 'deliveries', 'estate'],
  };
}

function needsOf(overview: Overview) {
  const products = overview.needPerson.map((product) => {
    const [condition] = product.conditions;
    return {
      ...product,
      badge: badgeOf(product),
      reason: condition?.reason ?? '',
      message: condition?.message ?? '',
      remedy: condition === undefined ? null : remedyOf(condition.reason),
    };
  });
  return {
    brake: overview.brake,
    held: overview.byState.held,
    pause: overview.pause,
    products,
    more: Math.max(0, overview.byHeadline.Degraded - products.length),
    calm: overview.brake === null && overview.pause === null && products.length === 0,
  };
}

/** `null`: it has not answered yet. */
function storeOf(report: StoreReport | null) {
  if (report === null) return null;
  const { capabilities, limits } = report;
  const seen = (it: boolean | undefined) => (it === undefined ? 'not known yet' : it ? 'yes' : 'no');
  const together = capabilities?.secondKey === false ? 1 : limits.keysPerPrincipal;
  return {
    ...report,
    figures: [
      { what: 'Products get', value: report.credentials },
      {
        what: 'Policies enforced',
        value: seen(capabilities === null ? undefined : capabilities.policies === 'enforced'),
      },
      { what: 'Keys side by side', value: together },
      { what: 'Characters of a policy', value: limits.policySize },
      { what: 'A key that is off is refused', value: seen(capabilities?.switchOff) },
      { what: 'Gives sessions (STS)', value: seen(capabilities?.sessions) },
    ],
    itself: capabilities?.selfService.join(', ') ?? '',
  };
}

function countsOf(base: string, { byHeadline, byState, pausedProducts }: Overview) {
  const headlines: readonly Headline[] = ['Degraded', 'Progressing', 'Notice', 'Ready'];
  return [
    ...headlines.map((headline) => ({
      ...badgeOfHeadline(headline),
      count: byHeadline[headline],
      href: `${base}/products?condition=${headline}`,
    })),
    { word: 'Paused', tone: 'note', count: pausedProducts, href: `${base}/products?paused=yes` },
    { word: 'Retired', tone: 'gone', count: byState.retired, href: `${base}/products?state=retired` },
  ];
}
