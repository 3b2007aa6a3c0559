/** Whether somebody gives sessions at an address, found out by asking for a role that nobody has. */
import { asProvisionerError } from '../model/errors.ts';
import { assumeRole, type StsPlace } from './sts.ts';

/**
 * @returns `given`: to everybody who asks (MinIO ignores the role); `none`: there is no such service
 * @throws ProvisionerError `STORE_UNAVAILABLE`
 */
export async function askForToken(who: StsPlace): Promise<'given' | 'refused' | 'none'> {
  const roleArn = 'arn:aws:iam::000000000000:role/dp-probe';
  try {
    await assumeRole({ ...who, roleArn, sessionName: 'dp-probe', seconds: 900 });
    return 'given';
  } catch (thrown) {
    const { facts, retryable } = asProvisionerError(thrown);
    // Who looks for the role has the service.
    if (facts.status === 403 || facts.status === 404) return 'refused';
    if (retryable) throw thrown;
    return 'none';
  }
}
