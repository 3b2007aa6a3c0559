/** Certificate authorities of the platform, trusted by everything in this process: fetch, AWS SDK, PostgreSQL. */
import { readFile } from 'node:fs/promises';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { ProvisionerError } from '../model/errors.ts';

/**
 * Adds the authorities of a PEM file to those that Node trusts. `undefined` or empty: nothing to do.
 *
 * @throws ProvisionerError `CONFIG_INVALID` when the file can not be read or holds no certificate
 */
export async function trustFile(path: string | undefined): Promise<void> {
  if (path === undefined || path === '') return;
  try {
    const text = await readFile(path, 'utf8');
    const certificates = text.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
    if (certificates.length === 0) throw new Error('there is no certificate in it');
    setDefaultCACertificates([...getCACertificates('default'), ...certificates]);
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : String(cause);
    throw new ProvisionerError('CONFIG_INVALID', `PROV_CA_FILE can not be used: ${words}.`, { cause });
  }
}
