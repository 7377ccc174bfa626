/**
 * The simulated sensor's own template, in the 512 bytes that the family's character files have. A real module keeps
 * minutiae there in a form its maker does not publish; this one keeps the sign of the ridges on a coarse grid, which
 * finds the same finger again when it lies nearly as before, and no other. It is no matcher for decisions.
 */

/** Size of a character file (ZFM-70 manual chapter 2, "Template size"). */
export const TEMPLATE_BYTES = 512;

/** Grid of samples, {@link STEP} pixels apart, around the middle of the image. */
const COLUMNS = 56;
const ROWS = 64;
const STEP = 4;
/** Samples a side of one cell of the foreground mask. */
const CELL = 4;
const MASK_AT = 4;
const SIGNS_AT = MASK_AT + (COLUMNS * ROWS) / (CELL * CELL) / 8;
const MAGIC = [0x56, 0x54] as const;

/** Ridges are 9 pixels apart at 500 ppi: the inner mean keeps them, the outer one takes away what is slower. */
const INNER_RADIUS = 1;
const OUTER_RADIUS = 8;
/** Mean absolute contrast, in sixteenths of the grey range, from which a place counts as ridges. */
const MIN_CONTRAST = 1.2;
/** Fewer ridge samples than an eighth of the grid make no template. */
const MIN_FOREGROUND = (COLUMNS * ROWS) / 8;

/** A finger may lie this far from where it lay at enrolment, in pixels. */
const MAX_SHIFT = 36;
const COARSE_SHIFT = 3;
/** The coarse search looks at every fifth sample: enough to find the shift, and a search of a library stays quick. */
const COARSE_SAMPLING = 5;
/** Share of the smaller foreground that must overlap for a comparison to count. */
const MIN_OVERLAP = 0.55;

/** Sign of the ridges at every pixel: 1 ridge, -1 valley, 0 no finger. */
export interface RidgeField {
  readonly width: number;
  readonly height: number;
  readonly signs: Int8Array;
}

/** @param image 0 .. 15 a pixel; undefined when too little of a finger is in it */
export function ridgeField(image: Uint8Array, width: number, height: number): RidgeField | undefined {
  const inner = boxMean(image, width, height, INNER_RADIUS);
  const outer = boxMean(image, width, height, OUTER_RADIUS);
  const contrast = inner.map((value, i) => value - outer[i]!);
  const strength = boxMean(contrast.map(Math.abs), width, height, OUTER_RADIUS);
  const signs = new Int8Array(width * height);
  let foreground = 0;
  for (let i = 0; i < signs.length; i += 1) {
    if (strength[i]! < MIN_CONTRAST) continue;
    signs[i] = contrast[i]! < 0 ? 1 : -1;
    foreground += 1;
  }
  return foreground < MIN_FOREGROUND * STEP * STEP ? undefined : { width, height, signs };
}

export function templateOf(field: RidgeField): Uint8Array {
  const template = new Uint8Array(TEMPLATE_BYTES);
  template.set(MAGIC);
  for (let row = 0; row < ROWS; row += 1) {
    for (let column = 0; column < COLUMNS; column += 1) {
      const sign = signAt(field, column, row);
      if (sign !== 0) setBit(template, MASK_AT, maskIndex(column, row));
      if (sign > 0) setBit(template, SIGNS_AT, row * COLUMNS + column);
    }
  }
  return template;
}

/** The field that a template stands for, each sample spread over its place. Undefined for bytes that are no template. */
export function fieldOf(template: Uint8Array, width: number, height: number): RidgeField | undefined {
  if (template.length < TEMPLATE_BYTES || template[0] !== MAGIC[0] || template[1] !== MAGIC[1])
    return undefined;
  const signs = new Int8Array(width * height);
  for (let row = 0; row < ROWS; row += 1) {
    for (let column = 0; column < COLUMNS; column += 1) {
      const sign = templateSign(template, column, row);
      const { x, y } = place(column, row, width, height);
      for (let dy = -STEP / 2; dy < STEP / 2; dy += 1) {
        for (let dx = -STEP / 2; dx < STEP / 2; dx += 1) {
          if (x + dx >= 0 && x + dx < width && y + dy >= 0 && y + dy < height)
            signs[(y + dy) * width + x + dx] = sign;
        }
      }
    }
  }
  return { width, height, signs };
}

/**
 * Share of the samples on which template and probe agree at the best shift: about 0.5 for strangers, 1 for the same
 * image; 0 when too little of them overlaps.
 */
export function agreement(template: Uint8Array, probe: RidgeField): number {
  if (template.length < TEMPLATE_BYTES || template[0] !== MAGIC[0] || template[1] !== MAGIC[1]) return 0;
  const samples: Sample[] = [];
  for (let row = 0; row < ROWS; row += 1) {
    for (let column = 0; column < COLUMNS; column += 1) {
      const sign = templateSign(template, column, row);
      if (sign !== 0) samples.push({ ...place(column, row, probe.width, probe.height), sign });
    }
  }
  const few = samples.filter((_, i) => i % COARSE_SAMPLING === 0);
  const { dx, dy } = bestShift(few, probe, { dx: 0, dy: 0 }, MAX_SHIFT, COARSE_SHIFT);
  return bestShift(samples, probe, { dx, dy }, COARSE_SHIFT - 1, 1).share;
}

interface Sample {
  readonly x: number;
  readonly y: number;
  readonly sign: number;
}

function bestShift(
  samples: readonly Sample[],
  probe: RidgeField,
  around: { readonly dx: number; readonly dy: number },
  reach: number,
  step: number,
): { readonly share: number; readonly dx: number; readonly dy: number } {
  let best = { share: 0, ...around };
  for (let dy = around.dy - reach; dy <= around.dy + reach; dy += step) {
    for (let dx = around.dx - reach; dx <= around.dx + reach; dx += step) {
      const share = shareAt(samples, probe, dx, dy);
      if (share > best.share) best = { share, dx, dy };
    }
  }
  return best;
}

function shareAt(samples: readonly Sample[], probe: RidgeField, dx: number, dy: number): number {
  let compared = 0;
  let agreed = 0;
  for (const sample of samples) {
    const x = sample.x + dx;
    const y = sample.y + dy;
    if (x < 0 || y < 0 || x >= probe.width || y >= probe.height) continue;
    const sign = probe.signs[y * probe.width + x]!;
    if (sign === 0) continue;
    compared += 1;
    if (sign === sample.sign) agreed += 1;
  }
  return compared < Math.max(1, MIN_OVERLAP * samples.length) ? 0 : agreed / compared;
}

function place(column: number, row: number, width: number, height: number): { x: number; y: number } {
  return {
    x: width / 2 + (column - COLUMNS / 2) * STEP + STEP / 2,
    y: height / 2 + (row - ROWS / 2) * STEP + STEP / 2,
  };
}

function signAt(field: RidgeField, column: number, row: number): number {
  const { x, y } = place(column, row, field.width, field.height);
  return x < 0 || y < 0 || x >= field.width || y >= field.height ? 0 : field.signs[y * field.width + x]!;
}

function templateSign(template: Uint8Array, column: number, row: number): number {
  if (!hasBit(template, MASK_AT, maskIndex(column, row))) return 0;
  return hasBit(template, SIGNS_AT, row * COLUMNS + column) ? 1 : -1;
}

function maskIndex(column: number, row: number): number {
  return Math.trunc(row / CELL) * (COLUMNS / CELL) + Math.trunc(column / CELL);
}

function setBit(bytes: Uint8Array, at: number, index: number): void {
  bytes[at + (index >> 3)]! |= 1 << (index & 7);
}

function hasBit(bytes: Uint8Array, at: number, index: number): boolean {
  return (bytes[at + (index >> 3)]! & (1 << (index & 7))) !== 0;
}

/** Mean over a square of `2 * radius + 1` pixels, by running sums; at the edges over the part inside. */
function boxMean(values: ArrayLike<number>, width: number, height: number, radius: number): Float64Array {
  const sums = new Float64Array((width + 1) * (height + 1));
  for (let y = 0; y < height; y += 1) {
    let line = 0;
    for (let x = 0; x < width; x += 1) {
      line += values[y * width + x]!;
      sums[(y + 1) * (width + 1) + x + 1] = sums[y * (width + 1) + x + 1]! + line;
    }
  }
  const means = new Float64Array(width * height);
  for (let y = 0; y < height; y += 1) {
    const top = Math.max(0, y - radius) * (width + 1);
    const bottom = Math.min(height, y + radius + 1) * (width + 1);
    for (let x = 0; x < width; x += 1) {
      const left = Math.max(0, x - radius);
      const right = Math.min(width, x + radius + 1);
      const total = sums[bottom + right]! - sums[top + right]! - sums[bottom + left]! + sums[top + left]!;
      means[y * width + x] = total / ((right - left) * ((bottom - top) / (width + 1)));
    }
  }
  return means;
}
