/**
 * `GET /credentials/<product>` with the workspace's token: a session, as AWS's container credential provider wants it
 * (`AccessKeyId`, `SecretAccessKey`, `Token`, `Expiration`).
 */
import { Router } from 'express';
import { sameText } from '../auth/digest.ts';
import { asProvisionerError } from '../model/errors.ts';
import { ProductId } from '../model/ids.ts';
import type { Logger } from '../telemetry/logger.ts';

/** Session credentials for whoever proved to be the product. */
export interface Session {
  readonly id: string;
  readonly secret: string;
  readonly token: string;
  readonly expiresAt: Date;
}

export interface CredentialsOptions {
  /** Digest of a product's token; `null` when it has none. */
  readonly digestOf: (product: ProductId) => Promise<string | null>;
  readonly hash: (token: string) => string;
  /** A session, or why there is none. */
  readonly answer: (
    product: ProductId,
  ) => Promise<{ readonly session: Session } | { readonly refused: string }>;
  readonly log: Logger;
}

export function createCredentialsRouter({ digestOf, hash, answer, log }: CredentialsOptions): Router {
  const router = Router();
  router.get('/credentials/:product', async (request, response) => {
    response.set('cache-control', 'no-store');
    const product = ProductId.safeParse(request.params.product);
    const wanted = product.success ? await digestOf(product.data) : null;
    // The same answer for a product that is not there and for a wrong token: nobody learns which products there are.
    if (!product.success || !sameText(hash(request.get('authorization') ?? ''), wanted ?? '')) {
      response.status(401).json({ code: 'Unauthorized', message: 'This token opens nothing here.' });
      return;
    }
    try {
      const given = await answer(product.data);
      if ('refused' in given) {
        const message = `No session is given: ${given.refused}.`;
        log.info('gave no session', { product: product.data, why: given.refused });
        response.status(403).json({ code: 'NoSession', message });
        return;
      }
      const { id, secret, token, expiresAt } = given.session;
      log.debug('gave a session', { product: product.data, expires: expiresAt.toISOString() });
      response.json({
        AccessKeyId: id,
        SecretAccessKey: secret,
        Token: token,
        Expiration: expiresAt.toISOString(),
      });
    } catch (thrown) {
      const { code, message } = asProvisionerError(thrown);
      log.error('could not give a session', { product: product.data, code, error: message });
      response.status(503).json({ code, message: 'The store gives no session now. Try again.' });
    }
  });
  return router;
}
