/** The portal: does it answer, does it know us; and do its webhooks come through to us? */
import type { Environment } from '../config/schema.ts';
import { asProvisionerError } from '../model/errors.ts';
import type { PortalClient } from '../portal/client.ts';
import { countOf, type DaemonReport } from './daemon.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

export async function examinePortal(env: Environment, portal: PortalClient): Promise<readonly Finding[]> {
  const address = env.PROV_DPP_API_URL;
  try {
    const version = await portal.version();
    const findings = [ok(`version ${version} answers at ${address}`)];
    const products = await portal.listProducts();
    return [...findings, ok(`it knows us and lists ${products.length} products`)];
  } catch (thrown) {
    const { code, message } = asProvisionerError(thrown);
    return [fail(message, cures[code] ?? 'See docs/errors.md for this answer.')];
  }
}

const cures: Readonly<Record<string, string>> = {
  PORTAL_UNAVAILABLE:
    'Is PROV_DPP_API_URL right as seen from here (inside a container `localhost` is the container), and does the portal run?',
  PORTAL_DENIED:
    'Set PORTAL_API_KEY, or PORTAL_CLIENT_ID, PORTAL_CLIENT_SECRET and PORTAL_TOKEN_URL, for a user with Admin in the portal.',
  PORTAL_CONTRACT:
    'PROV_DPP_API_URL must be the portal’s address, with or without /api/v2, and of a version that is supported.',
};

const pointPortal =
  'Give the portal WEBHOOK_URL=http://<this host>:<port>/ (v1) or WEBHOOK_V2_URL=http://<this host>:<port>/webhooks/v2?token=… (v2), as it reaches us, and restart it.';

/** When the last webhook came, as far as the books can be read. */
export interface LastDelivery {
  readonly receivedAt: Date;
  readonly event: string;
}

/** The portal does not tell where it sends to: what came in does. */
export function examineWebhooks(
  env: Environment,
  daemon: DaemonReport | null,
  last: LastDelivery | null | 'unknown',
): readonly Finding[] {
  const findings: Finding[] = [];
  if (/^(127\.|::1$|localhost$)/.test(env.PROV_HOST))
    findings.push(
      warn(
        `we listen on ${env.PROV_HOST} only: a portal on another machine or in another container can not reach us`,
        'Set PROV_HOST=0.0.0.0, unless a proxy on this machine passes webhooks on.',
      ),
    );
  if (daemon !== null) findings.push(...examineCounts(daemon.metrics));
  if (last === null) findings.push(warn('no webhook was ever taken', pointPortal));
  else if (last !== 'unknown')
    findings.push(ok(`the last webhook (${last.event}) came at ${last.receivedAt.toISOString()}`));
  return findings;
}

function examineCounts(metrics: string | null): readonly Finding[] {
  if (metrics === null)
    return [
      warn('the daemon does not show us its counts', 'Set PROV_METRICS_TOKEN here as it is set there.'),
    ];
  const count = (verdict: string) => countOf(metrics, 'provisioner_delivery_seconds_count', { verdict });
  const [taken, refused] = [count('accepted') + count('ignored'), count('refused')];
  const findings: Finding[] = [];
  if (refused > 0)
    findings.push(
      fail(
        `${refused} webhooks were refused since the daemon started, ${taken} were taken`,
        'The daemon’s log has `refused a delivery` with a reason: `mismatch` = WEBHOOK_SECRET differs from the portal’s; `missing` = v2 without its token; `expired` = clocks.',
      ),
    );
  else if (taken === 0) findings.push(warn('no webhook came since the daemon started', pointPortal));
  else findings.push(ok(`${taken} webhooks were taken since the daemon started, none was refused`));
  const failed = count('failed');
  if (failed > 0)
    findings.push(fail(`${failed} webhooks could not be stored`, 'The database was away: see its finding.'));
  return findings;
}
