/** The kiosk page as bytes: bundled once at start by esbuild, served from memory. */
import { readFile } from 'node:fs/promises';
import { build } from 'esbuild';

export interface Page {
  readonly html: string;
  /** URL path -> content. */
  readonly assets: ReadonlyMap<string, { readonly type: string; readonly body: string | Uint8Array }>;
}

const KIOSK = new URL('./kiosk/', import.meta.url);

/** @throws Error when the page's sources do not compile: a fault of the release, found by the tests */
export async function bundlePage(): Promise<Page> {
  const bundle = await build({
    entryPoints: ['main.tsx', 'style.css'].map(name => new URL(name, KIOSK).pathname),
    outdir: 'bundle',
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'chrome120',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    loader: { '.json': 'json' },
    logLevel: 'silent',
  });
  const [html, icon] = await Promise.all(
    ['index.html', 'icon.svg'].map(name => readFile(new URL(name, KIOSK), 'utf8')),
  );
  const bundled = (ending: string) =>
    bundle.outputFiles.find(({ path }) => path.endsWith(ending))?.text ?? '';
  return {
    html: html ?? '',
    assets: new Map([
      ['/main.js', { type: 'text/javascript; charset=utf-8', body: bundled('.js') }],
      ['/icon.svg', { type: 'image/svg+xml', body: icon ?? '' }],
      ['/style.css', { type: 'text/css; charset=utf-8', body: bundled('.css') }],
    ]),
  };
}
