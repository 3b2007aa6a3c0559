/** What AWS platforms ask of every user: a boundary, a path, tags. */
import { randomUUID } from 'node:crypto';
import { CreatePolicyCommand, GetUserCommand, IAMClient } from '@aws-sdk/client-iam';
import { expect, test } from 'vitest';
import { principalNameOf } from '../../src/identity/issuer.ts';
import { AwsIamIssuer } from '../../src/identity/issuers/aws-iam.ts';
import { ProductId } from '../../src/model/ids.ts';
import { startStore } from '../support/world.ts';

async function stage() {
  const server = await startStore();
  const credentials = { accessKeyId: server.accessKey, secretAccessKey: server.secretKey };
  const iam = new IAMClient({ endpoint: server.endpoint, region: 'us-east-1', credentials });
  const issuer = (users: { permissionsBoundary: string | undefined; path: string | undefined }) =>
    AwsIamIssuer.connect({ endpoint: server.endpoint, region: 'us-east-1', ...credentials, users });
  const { Policy } = await iam.send(
    new CreatePolicyCommand({
      PolicyName: 'boundary',
      PolicyDocument: JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }],
      }),
    }),
  );
  const principal = principalNameOf(ProductId.parse(randomUUID()));
  const user = async () => (await iam.send(new GetUserCommand({ UserName: principal }))).User;
  const look = (by: AwsIamIssuer) => by.observe(principal, { booked: [], thorough: false });
  return { server, issuer, boundary: Policy?.Arn ?? '', principal, user, look };
}

test('a user is made under the path, with the boundary and a tag that says whose it is', async () => {
  const { server, issuer, boundary, principal, user } = await stage();
  await using _ = server;
  await (await issuer({ permissionsBoundary: boundary, path: '/data-products/' })).ensurePrincipal(principal);
  expect(await user()).toMatchObject({
    Path: '/data-products/',
    PermissionsBoundary: { PermissionsBoundaryArn: boundary },
    Tags: [{ Key: 'managed-by', Value: 'data-product-provisioner' }],
  });
});

test('a user from before the boundary was set is seen as unfinished, and is bounded', async () => {
  const { server, issuer, boundary, principal, user, look } = await stage();
  await using _ = server;
  await (await issuer({ permissionsBoundary: undefined, path: undefined })).ensurePrincipal(principal);
  const bounding = await issuer({ permissionsBoundary: boundary, path: undefined });
  expect((await look(bounding)).exists).toBe(false);
  await bounding.ensurePrincipal(principal);
  expect((await user())?.PermissionsBoundary?.PermissionsBoundaryArn).toBe(boundary);
  expect((await look(bounding)).exists).toBe(true);
});
