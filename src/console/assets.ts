/** The console's style and scripts, ours and htmx's, each under an address that changes with its content. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Router } from 'express';

const packages = createRequire(import.meta.url);

const sources = {
  'console.css': () => readFileSync(new URL('./assets/console.css', import.meta.url)),
  'console.js': () => readFileSync(new URL('./assets/console.js', import.meta.url)),
  'icon.svg': () => readFileSync(new URL('./assets/icon.svg', import.meta.url)),
  'htmx.js': () => readFileSync(packages.resolve('htmx.org/dist/htmx.min.js')),
  'sse.js': () => readFileSync(packages.resolve('htmx-ext-sse/dist/sse.min.js')),
} as const;

type AssetName = keyof typeof sources;

const types: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

export interface Assets {
  /** Serves them, for ever cacheable, below `/assets`. */
  readonly router: Router;
  /** Where each is, for pages. */
  readonly addresses: Readonly<Record<string, string>>;
}

/** Reads them once. */
export function loadAssets(base: string): Assets {
  const router = Router();
  const addresses: Record<string, string> = {};
  for (const name of Object.keys(sources) as AssetName[]) {
    const content = sources[name]();
    const digest = createHash('sha256').update(content).digest('hex').slice(0, 12);
    const path = `/assets/${digest}/${name}`;
    const [short = '', extension = ''] = name.split('.');
    addresses[short === 'console' ? extension : short] = `${base}${path}`;
    router.get(path, (_request, response) => {
      response.set('Cache-Control', 'public, max-age=31536000, immutable');
      response.type(types[extension] ?? 'application/octet-stream').send(content);
    });
  }
  return { router, addresses };
}
