/** What was acknowledged, held against what is stored. */
import pg from 'pg';

/** Whether every acknowledged delivery has its row. */
export async function acknowledgedAreStored(url: string, ids: readonly string[]): Promise<boolean> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query('select id from provisioner.delivery');
    const stored = new Set(rows.map((row: { id: string }) => row.id));
    return ids.every((id) => stored.has(id));
  } finally {
    await client.end();
  }
}
