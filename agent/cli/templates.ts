import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Command } from 'commander';
import sharp from 'sharp';
import { startModels } from '../../models/index.ts';
import { PictureRecords, type TemplateRecords } from '../contract/record-files.ts';
import { writeWhole } from '../keys/files.ts';
import { loadConfig } from '../ops/config.ts';
import { definedOnly } from '../ops/device-settings.ts';
import { VantayError } from '../ops/errors.ts';
import { ImageCodec } from '../packet/imaging.ts';
import { TEMPLATE_TASKS } from '../records/keep.ts';
import { prepareReferences } from '../records/prepare.ts';
import { embeddingBytes } from '../records/record-server.ts';
import { EXIT, print } from './exit.ts';
import { ProgressLine } from './progress.ts';

/** Longest one picture may take, in milliseconds. */
const DEADLINE_MS = 30_000;

interface Options {
  readonly config: string;
  readonly records: string;
  readonly to: string;
  readonly json?: boolean;
}

/** `vantay records templates`: what an office's record server holds, made of pictures by the models of this kiosk. */
export const templatesVerb = (): Command =>
  new Command('templates')
    .description("make a record server's templates of records with pictures, by this kiosk's models")
    .requiredOption('--config <file>', 'configuration file (YAML)')
    .requiredOption('--records <file>', 'records (JSON), each reference with the `file` of its picture')
    .requiredOption('--to <file>', 'templates to make (JSON); it holds names, portraits and biometrics')
    .option('--json', 'print one JSON object')
    .action(async ({ config: file, records: from, to, json }: Options) => {
      const config = loadConfig(file, process.env);
      const wanted = PictureRecords.safeParse(parsed(await read(from)));
      if (!wanted.success) throw new VantayError('FILE_UNREADABLE', `${from} holds no list of records`);
      await using models = await startModels({ deadlineMs: DEADLINE_MS, ...definedOnly(config.models) });
      await using jpeg2000 = new ImageCodec({ deadlineMs: DEADLINE_MS });
      const tools = { finger: models.finger, face: models.face, jpeg2000, keepsPortrait: true };
      const { signal } = new AbortController();
      const made: TemplateRecords['records'] = [];
      const progress = new ProgressLine();
      for (const { references, ...record } of wanted.data) {
        const pictures = references.map(async ({ file: name, ...reference }) => ({
          ...reference,
          bytes: await read(join(dirname(from), name)),
        }));
        const { faces, fingers, portrait } = await prepareReferences(
          tools,
          await Promise.all(pictures),
          signal,
        );
        made.push({
          ...record,
          faces: faces.map(face => base64(embeddingBytes(face))),
          fingers: fingers.map(({ position, template }) => ({ position, template: base64(template) })),
          portrait: portrait ? base64(await sharp(portrait).jpeg().toBuffer()) : null,
        });
        progress.show('records', made.length, wanted.data.length);
      }
      progress.end();
      const cards = models.cards.filter(({ task }) => TEMPLATE_TASKS.includes(task));
      const content: TemplateRecords = { models: cards.map(({ sha256 }) => sha256), records: made };
      await writeWhole(to, JSON.stringify(content));
      const without = made
        .filter(({ faces, fingers }) => faces.length === 0 && fingers.length === 0)
        .map(({ recordId }) => recordId);
      print(json, { records: made.length, without, to }, () =>
        [`${made.length} records in ${to}`, ...without.map(id => `no picture of ${id} can be used`)].join(
          '\n',
        ),
      );
      if (without.length > 0) process.exitCode = EXIT.findings;
    });

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}

const read = (file: string): Promise<Uint8Array> =>
  readFile(file).catch((cause: unknown) => {
    throw new VantayError('FILE_UNREADABLE', `cannot read ${file}`, { cause });
  });
