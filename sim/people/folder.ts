import { readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { PeopleError } from './errors.ts';
import { type GrayImage, seedOf } from './finger/index.ts';
import { fitToFrame } from './fit.ts';
import { type IdentityOptions, makeIdentity } from './identity.ts';
import { assertPicture, atPpi, isImageName, readGrayFile } from './image-file.ts';
import { type Person, SENSOR_FRAME } from './person.ts';
import { type FingerCode, positionCode, positionName } from './position.ts';

/** Files of one face or finger: what the record holds, and what is captured at the kiosk. */
interface Split {
  readonly record: readonly string[];
  readonly live: readonly string[];
}

const byNumber = new Intl.Collator('en', { numeric: true });

/** First half (at least one) for the record, the rest live; a single file is both. */
function split(files: readonly string[]): Split {
  const half = Math.max(1, Math.floor(files.length / 2));
  const live = files.slice(half);
  return { record: files.slice(0, half), live: live.length > 0 ? live : files };
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    found => found.isDirectory(),
    () => false,
  );
}

async function imagesIn(folder: string): Promise<Split> {
  if (!(await isFolder(folder))) throw new PeopleError('PERSON_FOLDER_MISSING', `${folder} is not a folder`);
  const names = (await readdir(folder)).filter(isImageName).sort(byNumber.compare);
  if (names.length === 0) {
    throw new PeopleError('PERSON_FOLDER_EMPTY', `${folder} holds no .png, .jpg, .bmp or .tif file`);
  }
  return split(names.map(name => join(folder, name)));
}

/** Resolution from `ppi.txt` in the first of the folders that has one. */
async function statedPpi(folders: readonly string[]): Promise<number | undefined> {
  for (const folder of folders) {
    const path = join(folder, 'ppi.txt');
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text === undefined) continue;
    const ppi = Number(text.trim());
    if (!(ppi >= 200 && ppi <= 2000)) {
      throw new PeopleError('PERSON_PPI_INVALID', `${path} must hold one number from 200 to 2000`);
    }
    return ppi;
  }
  return undefined;
}

async function fingerFolders(folder: string): Promise<Map<FingerCode, string>> {
  if (!(await isFolder(folder))) throw new PeopleError('PERSON_FOLDER_MISSING', `${folder} is not a folder`);
  const found = new Map<FingerCode, string>();
  for (const name of (await readdir(folder)).sort(byNumber.compare)) {
    const path = join(folder, name);
    if (!(await isFolder(path))) continue;
    const code = positionCode(name);
    if (!code) {
      throw new PeopleError(
        'PERSON_POSITION_UNKNOWN',
        `${path}: a finger's folder is named 1 to 10 (ISO/IEC 19794-2) or like right_index`,
      );
    }
    const other = found.get(code);
    if (other) throw new PeopleError('PERSON_POSITION_TWICE', `${other} and ${path} are the same finger`);
    found.set(code, path);
  }
  if (found.size === 0) throw new PeopleError('PERSON_FOLDER_EMPTY', `${folder} holds no folder of a finger`);
  return found;
}

/**
 * A person whose images are files: `face/*` and `finger/<position>/*`. The identity is invented from the folder's path.
 * Every file is decoded once here, so that a visit does not stop at a broken one.
 * @throws PeopleError PERSON_FOLDER_MISSING, PERSON_FOLDER_EMPTY, PERSON_POSITION_UNKNOWN, PERSON_POSITION_TWICE,
 * PERSON_IMAGE_UNREADABLE, PERSON_PPI_INVALID
 */
export async function personFromFolder(folder: string, options: IdentityOptions = {}): Promise<Person> {
  const path = resolve(folder);
  if (!(await isFolder(path))) throw new PeopleError('PERSON_FOLDER_MISSING', `${path} is not a folder`);
  const seed = seedOf('folder', path);
  const face = await imagesIn(join(path, 'face'));
  for (const file of new Set([...face.record, ...face.live])) await assertPicture(file);

  const record = new Map<FingerCode, readonly GrayImage[]>();
  const live = new Map<FingerCode, readonly GrayImage[]>();
  const fingerFolder = join(path, 'finger');
  for (const [code, from] of await fingerFolders(fingerFolder)) {
    const files = await imagesIn(from);
    const ppi = await statedPpi([from, fingerFolder, path]);
    record.set(code, await Promise.all(files.record.map(file => readGrayFile(file, ppi))));
    live.set(
      code,
      await Promise.all(
        files.live.map(async file => {
          const image = await atPpi(await readGrayFile(file, ppi), SENSOR_FRAME.ppi);
          return fitToFrame(image, SENSOR_FRAME.width, SENSOR_FRAME.height, SENSOR_FRAME.greyLevels);
        }),
      ),
    );
  }
  const of = (
    images: ReadonlyMap<FingerCode, readonly GrayImage[]>,
    code: FingerCode,
  ): readonly GrayImage[] => {
    const found = images.get(code);
    if (!found)
      throw new PeopleError('PERSON_FINGER_ABSENT', `${fingerFolder} has no folder ${positionName(code)}`);
    return found;
  };
  return {
    id: `folder-${seed.toString(16).padStart(8, '0')}`,
    identity: makeIdentity(seed, options),
    face: { kind: 'files', ...face },
    fingers: [...record.keys()].sort((a, b) => a - b),
    liveImpression: async (finger, attempt) => {
      const images = of(live, finger);
      return images[attempt % images.length]!;
    },
    recordImpressions: async finger => of(record, finger),
    prepare: () => Promise.resolve(),
  };
}
