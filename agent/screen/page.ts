/** A page as bytes: bundled once at start by esbuild, served from memory. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { pageFonts } from './fonts.ts';

export interface Asset {
  readonly type: string;
  readonly body: string | (() => Promise<Uint8Array>);
}

export interface Page {
  readonly html: string;
  /** URL path -> content. */
  readonly assets: ReadonlyMap<string, Asset>;
}

const FOLDERS = {
  kiosk: new URL('./kiosk/', import.meta.url),
  officer: new URL('./officer/', import.meta.url),
};

/**
 * The applicant's page, or the officer's.
 * @throws Error when the page's sources do not compile: a fault of the release, found by the tests
 */
export async function bundlePage(which: keyof typeof FOLDERS = 'kiosk'): Promise<Page> {
  const folder = FOLDERS[which];
  const bundle = await build({
    entryPoints: ['main.tsx', 'style.css'].map(name => fileURLToPath(new URL(name, folder))),
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
    [new URL('index.html', folder), new URL('icon.svg', FOLDERS.kiosk)].map(url => readFile(url, 'utf8')),
  );
  const bundled = (ending: string) =>
    bundle.outputFiles.find(({ path }) => path.endsWith(ending))?.text ?? '';
  const fonts = pageFonts();
  return {
    html: html ?? '',
    assets: new Map<string, Asset>([
      ['/main.js', { type: 'text/javascript; charset=utf-8', body: bundled('.js') }],
      ['/icon.svg', { type: 'image/svg+xml', body: icon ?? '' }],
      ['/style.css', { type: 'text/css; charset=utf-8', body: bundled('.css') }],
      ['/fonts.css', { type: 'text/css; charset=utf-8', body: fonts.css }],
      ...[...fonts.files].map(([name, body]): [string, Asset] => [
        `/fonts/${name}`,
        { type: 'font/woff2', body },
      ]),
    ]),
  };
}
