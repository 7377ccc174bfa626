import { readFile } from 'node:fs/promises';
import sharp, { type Sharp } from 'sharp';
import composites from './composites.json' with { type: 'json' };
import { gaussianNoise, hash } from './noise.ts';

/** What the camera can see. */
export type FacePose =
  | 'neutral'
  | 'smile'
  | 'turned-left'
  | 'turned-right'
  | 'blink'
  | 'closer'
  | 'too-dark'
  | 'too-far'
  | 'nobody'
  | 'two-faces';

/** Size of every camera frame, pixels. */
export const FRAME_WIDTH = 480;
export const FRAME_HEIGHT = 640;

/** How many synthetic people have a face; person indices run from 0 to this, exclusive. */
export const facePeople: number = composites.people.length;

/** Sex as a travel document states it of each synthetic face, by person index. */
export const faceSexes: readonly ('F' | 'M')[] = composites.people.map(person =>
  person.sex === 'f' ? 'F' : 'M',
);

/** A decoded picture somewhat larger than the camera's frame, so that the person can move in it. */
type Scene = { readonly rgb: Uint8Array; readonly width: number; readonly height: number };

// The committed scenes are 512 x 680: a margin of 16 and 20 pixels on each side.
const SCENE_WIDTH = 512;
const SCENE_HEIGHT = 680;
/** Share of the light left in a dark room: mean luminance falls from about 160 to about 20 of 255. */
const DARK_GAIN = 0.12;
/** How much larger a face is after a step towards the camera. */
const CLOSER = 1.2;
/** Decoded scenes kept, about 1 MB each: the poses of one visit and of the next. */
const KEPT_SCENES = 16;

const kept = new Map<string, Promise<Scene>>();
const keptOfImage = new WeakMap<Uint8Array, Map<string, Promise<Scene>>>();

/**
 * One frame of the simulated camera.
 *
 * @param personIndex 0 to `facePeople` - 1; for `two-faces` the next person stands beside
 * @param variation any integer; the same gives the same bytes, another a slightly different position, light and noise
 * @returns JPEG, 480 x 640 pixels
 * @throws RangeError for a person that does not exist
 */
export async function faceFrame(personIndex: number, pose: FacePose, variation: number): Promise<Uint8Array> {
  const still = pose === 'too-dark' || pose === 'closer' ? 'neutral' : pose;
  const file = pose === 'nobody' ? 'nobody' : `${personName(personIndex)}-${still}`;
  const scene = await committedScene(file, pose === 'closer');
  return shoot(scene, pose === 'too-dark', variation);
}

/**
 * The portrait that the immigration record holds of a person: the neutral face in other light, at another scale and in
 * the size of a printed photograph.
 *
 * @returns JPEG, 413 x 531 pixels (35 x 45 mm at 300 ppi)
 * @throws RangeError for a person that does not exist
 */
export async function referencePortrait(personIndex: number): Promise<Uint8Array> {
  return sharp(await readFile(fileOf(`${personName(personIndex)}-neutral`)))
    .extract({ left: 20, top: 20, width: 472, height: 607 })
    .resize(413, 531)
    .linear([1.06, 1.04, 0.99], [-4, -4, -4])
    .jpeg({ quality: 90 })
    .toBuffer();
}

/**
 * One frame of the simulated camera with the person of a portrait file before it.
 *
 * A picture cannot be made to smile, turn or blink: those poses show it as it is. `too-dark`, `too-far`, `nobody` and
 * `two-faces` (the person twice) are as in `faceFrame`.
 *
 * @param bytes any picture that sharp reads; keep passing the same array, since its decoded scene is kept with it
 * @returns JPEG, 480 x 640 pixels
 */
export async function frameFromImage(
  bytes: Uint8Array,
  pose: FacePose,
  variation: number,
): Promise<Uint8Array> {
  if (pose === 'nobody') return shoot(await committedScene('nobody'), false, variation);
  const placing = pose === 'too-far' || pose === 'two-faces' || pose === 'closer' ? pose : 'near';
  const scenes = keptOfImage.get(bytes) ?? new Map<string, Promise<Scene>>();
  keptOfImage.set(bytes, scenes);
  const scene = scenes.get(placing) ?? sceneOfImage(bytes, placing);
  scenes.set(placing, scene);
  return shoot(await scene, pose === 'too-dark', variation);
}

function personName(personIndex: number): string {
  const person = composites.people[personIndex];
  if (!person) throw new RangeError(`There are ${facePeople} synthetic faces, no number ${personIndex}.`);
  return person.name;
}

function fileOf(name: string): URL {
  return new URL(`./frames/${name}.jpg`, import.meta.url);
}

function committedScene(name: string, closer = false): Promise<Scene> {
  const key = `${name}${closer ? ' closer' : ''}`;
  const read = (bytes: Uint8Array) => decode(closer ? stepCloser(sharp(bytes)) : sharp(bytes));
  const scene = kept.get(key) ?? readFile(fileOf(name)).then(read);
  kept.delete(key);
  kept.set(key, scene); // the newest last
  const oldest = kept.keys().next();
  if (kept.size > KEPT_SCENES && !oldest.done) kept.delete(oldest.value);
  return scene;
}

/** The middle of a scene, as large as the scene: somebody who has come a step nearer. */
function stepCloser(scene: Sharp): Sharp {
  const [width, height] = [SCENE_WIDTH / CLOSER, SCENE_HEIGHT / CLOSER].map(Math.round) as [number, number];
  const [left, top] = [(SCENE_WIDTH - width) / 2, (SCENE_HEIGHT - height) / 2].map(Math.round) as [
    number,
    number,
  ];
  return scene.extract({ left, top, width, height }).resize(SCENE_WIDTH, SCENE_HEIGHT);
}

async function sceneOfImage(
  bytes: Uint8Array,
  placing: 'near' | 'closer' | 'too-far' | 'two-faces',
): Promise<Scene> {
  const upright = await sharp(bytes).rotate().toBuffer();
  const cover = (width: number, height: number) =>
    sharp(upright).resize(width, height, { fit: 'cover' }).toBuffer();
  if (placing === 'near') return decode(sharp(await cover(SCENE_WIDTH, SCENE_HEIGHT)));
  if (placing === 'closer') return decode(stepCloser(sharp(await cover(SCENE_WIDTH, SCENE_HEIGHT))));
  const wall = sharp(await readFile(fileOf('nobody')));
  if (placing === 'too-far') {
    const small = await cover(146, 194);
    return decode(wall.composite([{ input: small, left: 183, top: SCENE_HEIGHT - 194 - 120 }]));
  }
  const half = await cover(SCENE_WIDTH / 2, SCENE_HEIGHT / 2);
  const top = SCENE_HEIGHT / 4;
  return decode(
    wall.composite([
      { input: half, left: 0, top },
      { input: half, left: SCENE_WIDTH / 2, top },
    ]),
  );
}

async function decode(image: Sharp): Promise<Scene> {
  // Composited pictures must be flattened to pixels before a raw read keeps three channels.
  const { data, info } = await image
    .removeAlpha()
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { rgb: data, width: info.width, height: info.height };
}

/** Cut the camera's frame out of a scene, with the movement, light and sensor noise of this instant. */
async function shoot(scene: Scene, dark: boolean, variation: number): Promise<Uint8Array> {
  const random = hash(variation);
  const marginX = scene.width - FRAME_WIDTH;
  const marginY = scene.height - FRAME_HEIGHT;
  const left = Math.round(marginX / 2 + (random() - 0.5) * 12);
  const top = Math.round(marginY / 2 + (random() - 0.5) * 12);
  const gain = (1 + (random() - 0.5) * 0.06) * (dark ? DARK_GAIN : 1);
  const light = Uint8ClampedArray.from({ length: 256 }, (_, value) => Math.round(value * gain));
  const noiseStart = Math.floor(random() * gaussianNoise.length);
  const source = scene.rgb;
  const grains = gaussianNoise;
  const rgb = new Uint8ClampedArray(FRAME_WIDTH * FRAME_HEIGHT * 3);
  let out = 0;
  for (let y = 0; y < FRAME_HEIGHT; y++) {
    let from = ((top + y) * scene.width + left) * 3;
    // Rows start at unrelated places of the table, so that its repetition shows no pattern.
    let grain = noiseStart + y * 7919;
    for (let x = 0; x < FRAME_WIDTH; x++) {
      const n = grains[grain++ & (grains.length - 1)]!;
      rgb[out++] = light[source[from++]!]! + n;
      rgb[out++] = light[source[from++]!]! + n;
      rgb[out++] = light[source[from++]!]! + n;
    }
  }
  return sharp(rgb, { raw: { width: FRAME_WIDTH, height: FRAME_HEIGHT, channels: 3 } })
    .jpeg({ quality: 85 })
    .toBuffer();
}
