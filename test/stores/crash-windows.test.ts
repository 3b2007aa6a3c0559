/**
 * Every call of the issuer port that changes something, ended after any of its changes, with the answer to the last one
 * or without: the next run looks, goes on from what it finds, and ends where it would have ended.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assemblePolicy, samePolicy } from '../../src/grants/policy.ts';
import { issuerFinder } from '../../src/identity/find-issuer.ts';
import { type AccessKey, type Issuer, principalNameOf } from '../../src/identity/issuer.ts';
import { AdminApi } from '../../src/identity/issuers/minio/admin-api.ts';
import type { HomeName } from '../../src/model/home.ts';
import { ProductId } from '../../src/model/ids.ts';
import { S3ObjectStore } from '../../src/storage/s3.ts';
import { type CutOff, startCutOff } from '../support/stores/cut-off.ts';
import type { StoreServer } from '../support/stores/server.ts';
import { makeAccessKey, makeServiceAccount } from '../support/stores/tampering.ts';
import { statusAs } from './access.ts';
import { issuers, sessions } from './servers.ts';

const bucket = 'data-products';
const region = 'us-east-1';

describe.each(issuers)('on %s, with %s,', (name, credentials, start) => {
  const isMinio = name === 'MinIO' || name === 'RustFS';
  let server: StoreServer;
  let cutOff: CutOff;
  let issuer: Issuer;
  let objects: S3ObjectStore;
  /** Keys have names of ours, and so are in the books before they are made, on MinIO and RustFS alone. */
  let root: AdminApi;

  beforeAll(async () => {
    server = await start();
    cutOff = await startCutOff(server.iamEndpoint ?? server.endpoint);
    const admin = { accessKeyId: server.accessKey, secretAccessKey: server.secretKey };
    const beside = server.iamEndpoint !== undefined;
    issuer = await issuerFinder({
      api: 'auto',
      endpoint: beside ? server.endpoint : cutOff.url,
      iamEndpoint: beside ? cutOff.url : undefined,
      region,
      ...admin,
      credentials: credentials === 'keys' ? 'keys' : sessions,
      onFound: () => undefined,
    })();
    root = new AdminApi({ endpoint: server.endpoint, region, ...admin });
    objects = new S3ObjectStore({ endpoint: server.endpoint, region, bucket, ...admin });
  });
  afterAll(async () => {
    objects?.[Symbol.dispose]();
    await cutOff?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });

  /** Steps of a run on one product, as its plan has them. */
  class Run {
    readonly id = ProductId.parse(randomUUID());
    readonly principal = principalNameOf(this.id);
    readonly home = `home-${this.id}` as HomeName;
    readonly narrow = assemblePolicy(bucket, this.home, []);
    readonly wide = assemblePolicy(bucket, this.home, ['input' as HomeName]);
    /** Names of keys in the books. */
    readonly booked: string[] = [];
    readonly keys: AccessKey[] = [];

    look(thorough = false) {
      return issuer.observe(this.principal, { booked: this.booked, thorough });
    }

    async ensure(): Promise<void> {
      if (!(await this.look()).exists) await issuer.ensurePrincipal(this.principal);
    }

    async putPolicy(policy = this.narrow): Promise<void> {
      const { policy: found } = await this.look();
      if (!samePolicy(policy, found)) await issuer.putPolicy(this.principal, policy, found);
    }

    /** One key that is in the books; others that are found are deleted first. */
    async makeKey(): Promise<void> {
      await this.endKeys((id) => !this.keys.some(({ name }) => name === id));
      const chosen = issuer.proposeKeyId();
      if (chosen !== null) this.booked.push(chosen);
      this.keys.push(await issuer.createKey(this.principal, chosen));
    }

    async endKeys(doomed: (id: string) => boolean, thorough = false): Promise<void> {
      const { keys } = await this.look(thorough);
      for (const { id } of keys.filter((key) => doomed(key.id))) {
        await issuer.disableKey(this.principal, id);
        await issuer.deleteKey(this.principal, id);
      }
    }

    async endPrincipal(): Promise<void> {
      const { exists, policy } = await this.look();
      if (exists || policy !== null) await issuer.deletePrincipal(this.principal);
    }

    /** A principal with its policy, and so many keys. */
    async begin(keyCount: number): Promise<void> {
      await objects.writeMarker(this.home, this.id);
      await this.ensure();
      await this.putPolicy();
      while (this.keys.length < keyCount) await this.makeKey();
    }

    /** What the store answers to each of its keys. */
    answers(): Promise<(number | undefined)[]> {
      const answerTo = ({ id, secret, session }: AccessKey) =>
        statusAs(server.endpoint, bucket, { id, secret, token: session?.token }).put(this.home);
      return Promise.all(this.keys.map(answerTo));
    }
  }

  /** What a run begins with, its step, and what must be true when the step was done, at once or in two runs. */
  interface Window {
    readonly what: string;
    readonly before: (run: Run) => Promise<void>;
    readonly step: (run: Run) => Promise<void>;
    readonly after: (run: Run) => Promise<void>;
  }

  const firstOf = ({ keys: [first] }: Run) => first?.name ?? '';
  const windows: readonly Window[] = [
    {
      what: 'making a principal',
      before: async () => undefined,
      step: (run) => run.ensure(),
      after: async (run) => expect(await run.look()).toEqual({ exists: true, policy: null, keys: [] }),
    },
    {
      what: 'putting its first policy',
      before: (run) => run.ensure(),
      step: (run) => run.putPolicy(),
      after: async (run) => expect(samePolicy(run.narrow, (await run.look()).policy)).toBe(true),
    },
    {
      what: 'changing a policy under a key in use',
      before: (run) => run.begin(1),
      step: (run) => run.putPolicy(run.wide),
      after: async (run) => {
        expect(samePolicy(run.wide, (await run.look()).policy)).toBe(true);
        expect(await run.answers()).toEqual([200]);
      },
    },
    {
      what: 'making a key beside another',
      before: (run) => run.begin(1),
      step: (run) => run.makeKey(),
      after: async (run) => {
        expect(await run.answers()).toEqual([200, 200]);
        const ids = (await run.look()).keys.map(({ id }) => id);
        expect(ids.toSorted()).toEqual(run.keys.map(({ name }) => name).toSorted());
        const lost = run.booked.filter((id) => !ids.includes(id));
        for (const id of isMinio ? lost : []) expect(await root.readUser(id)).toBeNull();
      },
    },
    {
      what: 'switching a key off',
      before: (run) => run.begin(2),
      step: (run) => issuer.disableKey(run.principal, firstOf(run)),
      after: async (run) => {
        expect((await run.look()).keys).toContainEqual({ id: firstOf(run), active: false });
        expect(await run.answers()).toEqual([403, 200]);
      },
    },
    {
      what: 'ending a key beside another',
      before: (run) => run.begin(2),
      step: (run) => run.endKeys((id) => id === firstOf(run)),
      after: async (run) => {
        expect((await run.look()).keys).toEqual([{ id: run.keys[1]?.name, active: true }]);
        expect(await run.answers()).toEqual([403, 200]);
      },
    },
    {
      what: 'ending a key that somebody else made',
      before: async (run) => {
        await run.begin(1);
        const foreign = isMinio
          ? await makeServiceAccount(server, firstOf(run))
          : await makeAccessKey(server, run.principal);
        run.keys.push({ ...foreign, name: foreign.id, session: null });
      },
      step: (run) => run.endKeys((id) => id !== firstOf(run), true),
      after: async (run) => {
        expect((await run.look(true)).keys).toEqual([{ id: firstOf(run), active: true }]);
        expect(await run.answers()).toEqual([200, 403]);
      },
    },
    {
      what: 'ending a key, and the principal with its policy',
      before: (run) => run.begin(1),
      step: async (run) => {
        await run.endKeys(() => true);
        await run.endPrincipal();
      },
      after: async (run) => {
        expect(await run.look()).toEqual({ exists: false, policy: null, keys: [] });
        expect(await run.answers()).toEqual([403]);
      },
    },
  ];

  // Nobody makes keys of a role.
  const possible = windows.filter(
    ({ what }) => isMinio || credentials === 'keys' || !what.includes('somebody else'),
  );

  test.each(possible)('$what is carried on from anywhere', async ({ before, step, after }) => {
    for (const last of ['answer', 'lose'] as const) {
      for (let changes = last === 'lose' ? 1 : 0; ; changes += 1) {
        const run = new Run();
        await before(run);
        cutOff.allow(changes, last);
        const whole = await step(run).then(
          () => true,
          () => false,
        );
        const steps = `${cutOff.allowed.join(', ')} (${last})`;
        cutOff.allow(Number.POSITIVE_INFINITY);
        if (!whole) await expect(step(run), steps).resolves.toBeUndefined();
        await after(run);
        if (whole) break;
      }
    }
  });
});
