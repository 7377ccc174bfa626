/** What `vantay records templates` makes: the records of an office, and the models that their templates are of. */
import { readFile } from 'node:fs/promises';
import type { OfficeRecord } from './records.ts';

interface OfficeFile {
  readonly models: readonly string[];
  readonly records: readonly (Omit<OfficeRecord, 'faces' | 'fingers' | 'portrait'> & {
    /** Base64 of 32-bit floats, little-endian. */
    readonly faces: readonly string[];
    readonly fingers: readonly { readonly position: string; readonly template: string }[];
    readonly portrait: string | null;
  })[];
}

const VALUE_BYTES = 4;

export async function readOfficeFile(
  path: string,
): Promise<{ readonly models: readonly string[]; readonly records: readonly OfficeRecord[] }> {
  const { models, records } = JSON.parse(await readFile(path, 'utf8')) as OfficeFile;
  return {
    models,
    records: records.map(({ faces, fingers, portrait, ...record }) => ({
      ...record,
      faces: faces.map(embeddingOf),
      fingers: fingers.map(({ position, template }) => ({ position, template: bytesOf(template) })),
      portrait: portrait === null ? null : bytesOf(portrait),
    })),
  };
}

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));

function embeddingOf(text: string): Float32Array {
  const bytes = Buffer.from(text, 'base64');
  return Float32Array.from({ length: bytes.length / VALUE_BYTES }, (_, at) =>
    bytes.readFloatLE(at * VALUE_BYTES),
  );
}
