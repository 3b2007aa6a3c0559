import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type NoticeKind, noticeKinds } from '../../../src/model/notice.ts';
import { loadTexts } from '../../../src/notify/texts.ts';

const since = new Date('2026-01-02T03:04:05Z');
const about = (count: number, product = 'Sales') =>
  Array.from({ length: count }, (_each, index) => ({
    subject: `p${index}`,
    facts: { product: count === 1 ? product : `${product} ${index}`, home: 'sales', message: 'It is so.' },
    since,
  }));
const message = (kind: NoticeKind, count: number, over = false) => ({
  id: 'msg_1',
  kind,
  reason: 'StoreDenied',
  over,
  about: about(count),
});

describe('the texts of messages', () => {
  test.each(noticeKinds)('%s: one line as title, and what to do', async (kind) => {
    const { title, text } = (await loadTexts(undefined))(message(kind, 1));
    expect(title).not.toBe('');
    expect(text).toContain('It is so.');
    expect(text).not.toContain('{{');
  });

  test('of many products some are named, the rest is counted', async () => {
    const { title, text } = (await loadTexts(undefined))(message('degraded', 12));
    expect(title).toBe('12 data products are degraded (StoreDenied)');
    expect(text.match(/^- Sales \d+ /gm)).toHaveLength(10);
    expect(text).toContain('… and 2 more.');
  });

  test('what is over is said in a line', async () => {
    const { title } = (await loadTexts(undefined))(message('degraded', 1, true));
    expect(title).toBe('Over: StoreDenied of the data product Sales');
  });

  test('a name can not add lines or mark-up of its own', async () => {
    const name = 'Sales\r\nBcc: all@example.com\u2028<b>{{x}}';
    const texts = await loadTexts(undefined);
    const { title, text } = texts({ ...message('degraded', 1), about: about(1, name) });
    expect(title).toBe('The data product Sales Bcc: all@example.com <b>{{x}} is degraded (StoreDenied)');
    expect(text.split('\n').filter((line) => line.startsWith('Bcc'))).toEqual([]);
  });

  test('a folder may have better ones; a wrong one is found at the start', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'provisioner-texts-'));
    try {
      await writeFile(join(folder, 'brake.hbs'), 'Halt!\n{{first.message}}\n');
      expect((await loadTexts(folder))(message('brake', 1))).toEqual({ title: 'Halt!', text: 'It is so.' });
      await writeFile(join(folder, 'brake.hbs'), '{{first.owner}}');
      await expect(loadTexts(folder)).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        message: expect.stringContaining('brake.hbs'),
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
