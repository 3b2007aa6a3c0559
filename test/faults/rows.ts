/** What a PostgreSQL server holds, seen past the daemons. */
import pg from 'pg';

/** Whether every acknowledged delivery has its row. */
export async function acknowledgedAreStored(url: string, ids: readonly string[]): Promise<boolean> {
  const rows = await ask(url, 'select id from provisioner.delivery');
  const stored = new Set(rows.map(({ id }) => id));
  return ids.every((id) => stored.has(id));
}

/** Whether some process has claimed a job of the product. */
export async function isClaimed(url: string, product: string): Promise<boolean> {
  const rows = await ask(url, `select data from queue.job where state = 'active'`);
  return rows.some(({ data }) => JSON.stringify(data).includes(product));
}

async function ask(url: string, query: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(query)).rows;
  } finally {
    await client.end();
  }
}
