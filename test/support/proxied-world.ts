/** A world whose store and portal are reached through proxies: each call is seen there, and can be made to fail. */
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';
import { setStage, startStore, startWorld, type World } from './world.ts';

export interface ProxiedWorld extends World {
  readonly storeProxy: FaultProxy;
  readonly portalProxy: FaultProxy;
}

/** Keys have a grace of a second, so that one too many shows soon. */
export async function createProxiedWorld(
  changes: Readonly<Record<string, string>> = {},
): Promise<ProxiedWorld> {
  await using started = new AsyncDisposableStack();
  const stage = started.use(await setStage(startStore, { PROV_KEY_GRACE: '1s', ...changes }));
  const storeProxy = started.use(await startFaultProxy(stage.store.endpoint));
  const portalProxy = started.use(await startFaultProxy(stage.portal.url));
  const environment = {
    ...stage.environment,
    S3_ENDPOINT: storeProxy.url,
    PROV_DPP_API_URL: portalProxy.url,
  };
  const world = await startWorld({ ...stage, environment, [Symbol.asyncDispose]: async () => undefined });
  const parts = started.move();
  return {
    ...world,
    storeProxy,
    portalProxy,
    [Symbol.asyncDispose]: async () => {
      await world[Symbol.asyncDispose]();
      await parts.disposeAsync();
    },
  };
}
