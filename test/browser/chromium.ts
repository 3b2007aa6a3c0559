/** A real browser for the tests of pages: Debian's Chromium, without a window. */
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

/**
 * Starts a browser, the one that `CHROMIUM_BIN` names or Debian's; the caller closes it.
 *
 * @throws Error that says how to get one, when there is none: such a test fails, it is not skipped
 */
export async function startChromium(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM_BIN ?? '/usr/bin/chromium';
  if (!existsSync(executablePath))
    throw new Error(`${executablePath} is not there: apt install chromium, or name another in CHROMIUM_BIN`);
  // Root may not use the sandbox, and containers have a small /dev/shm. It visits our own loopback pages only.
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}
