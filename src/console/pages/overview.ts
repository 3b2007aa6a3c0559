/** The first page: what needs a person, how all stands, how much is going on. */
import type { Headline } from '../../insight/headline.ts';
import { type Overview, readOverview } from '../../insight/overview.ts';
import { listRolloutsUnderWay } from '../../insight/rollouts.ts';
import type { StoreReport } from '../../model/store-report.ts';
import { homelessCard } from '../homeless.ts';
import type { Page } from '../page.ts';
import { sparkline } from '../pictures/sparkline.ts';
import { remedyOf } from '../remedies.ts';
import { rolloutCard } from '../rollouts.ts';
import type { Sources } from '../sources.ts';
import { badgeOf, badgeOfHeadline } from '../standing.ts';
import type { Render } from '../views.ts';
import { may, type Visitor } from '../visitor.ts';

export async function overviewPage(
  base: string,
  { db, store, jobs, clock }: Sources,
  render: Render,
  visitor: Visitor,
): Promise<Page> {
  const [overview, waiting, underWay] = await Promise.all([
    readOverview(db, clock()),
    jobs(),
    listRolloutsUnderWay(db),
  ]);
  const rollouts = underWay.map(rolloutCard);
  const stopped = rollouts.filter((rollout) => rollout.stopped);
  return {
    section: 'overview',
    title: 'Overview',
    body: render('overview', {
      base,
      ...needsOf(overview, stopped),
      rollouts: rollouts.filter((rollout) => !rollout.stopped),
      counts: countsOf(base, overview),
      empty: Object.values(overview.byState).every((count) => count === 0),
      jobs: waiting,
      lately: rateOf(overview.lastFiveMinutes),
      hour: rateOf(overview.lastHour),
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

function rateOf(rate: Overview['lastHour']) {
  return {
    ...rate,
    perMinute: Math.round(rate.perMinute * 10) / 10,
    failedPercent: Math.round(rate.failureShare * 1000) / 10,
  };
}

function needsOf(overview: Overview, stopped: readonly ReturnType<typeof rolloutCard>[]) {
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
  const { brake, pause, homeless } = overview;
  return {
    brake,
    held: overview.byState.held,
    pause,
    homeless: homeless.products.map(homelessCard),
    moreHomeless: homeless.count - homeless.products.length,
    products,
    stopped,
    more: Math.max(0, overview.byHeadline.Degraded - products.length),
    calm:
      brake === null &&
      pause === null &&
      products.length === 0 &&
      homeless.count === 0 &&
      stopped.length === 0,
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

function countsOf(base: string, { byHeadline, byState, pausedProducts, homeless }: Overview) {
  const headlines: readonly Headline[] = ['Degraded', 'Progressing', 'Notice', 'Ready'];
  const noHome = {
    word: 'No home yet',
    tone: 'bad',
    count: homeless.count,
    href: `${base}/runs?outcome=failed`,
  };
  return [
    ...(homeless.count > 0 ? [noHome] : []),
    ...headlines.map((headline) => ({
      ...badgeOfHeadline(headline),
      count: byHeadline[headline],
      href: `${base}/products?condition=${headline}`,
    })),
    { word: 'Paused', tone: 'note', count: pausedProducts, href: `${base}/products?paused=yes` },
    { word: 'Retired', tone: 'gone', count: byState.retired, href: `${base}/products?state=retired` },
  ];
}
