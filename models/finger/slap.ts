/** Several fingers in one image of a large glass: where each lies, and which hand it is. Pure; no network is asked. */
import type { GrayImage } from './types.ts';

export interface SlapFinger {
  /** Pixels of the slap. */
  readonly box: {
    readonly left: number;
    readonly top: number;
    readonly width: number;
    readonly height: number;
  };
  /** The finger alone, white where others or nothing lay. */
  readonly image: GrayImage;
}

export interface Slap {
  /** Left to right on the glass. Fewer or more than expected where the prints do not part. */
  readonly fingers: readonly SlapFinger[];
  /** Which hand four fingers look like, by their lengths; null where that cannot be told. A hint. */
  readonly hand: 'left' | 'right' | null;
}

/** Side of the squares that are print or not, in pixels at 500 ppi (0.8 mm, one to two ridges). */
const BLOCK_PX = 16;
/** Standard deviation of grey from which a square holds ridges; a clean glass has below five. */
const LEAST_DEVIATION = 14;
/** Squares of the smallest finger: a third of a child's fingertip, 0.8 by 0.8 mm each. */
const LEAST_SQUARES = 60;
/** How often the rim of prints may be taken off to part fingers that touch. */
const MOST_EROSIONS = 4;
/**
 * Where the crease below a fingertip lies, from its upper end: the last phalanx of a child's little finger is 14 mm long, that of
 * a large hand 30 mm. A print that is longer hangs together with the next phalanx.
 */
const CREASE_MM = { first: 14, last: 30 } as const;
const MM_AN_INCH = 25.4;
/** Share of its width by which a print lies under another one to be the same finger's next phalanx. */
const BENEATH_SHARE = 0.5;
/**
 * How much lower the little finger's end of a hand lies than the index finger's, as a slope along the hand, from which it
 * tells the hand. Of 400 simulated slaps, a true slope of 0.13 and the lean of prints as ragged as these, 241 tell the hand
 * then and two the other one: a hint, not a proof.
 */
const HAND_SLOPE = 0.1;

/** Squares of the image; values by row. */
interface Squares {
  readonly columns: number;
  readonly rows: number;
  readonly sidePx: number;
  readonly sideMm: number;
  readonly print: Uint8Array;
}

/** One finger's squares, as indexes, with their middle and spread. */
interface Blob {
  readonly squares: readonly number[];
  readonly x: number;
  readonly y: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  /** Lean of its long axis from upright, in radians, clockwise. */
  readonly leanRad: number;
}

/** @param expected how many fingers should lie there, 1 to 4: prints that touch are parted to come to so many */
export function segmentSlap(image: GrayImage, expected: number): Slap {
  const squares = squaresOf(image);
  let blobs: Blob[] = [];
  let kept = squares.print;
  for (let erosions = 0; erosions <= MOST_EROSIONS; erosions += 1) {
    const found = fingertips(blobsIn(squares, kept));
    if (found.length > blobs.length) blobs = found;
    if (found.length >= expected) break;
    kept = eroded(squares, kept);
  }
  const fingers = grown(squares, blobs)
    .map(finger => tipOf(squares, finger))
    .sort((a, b) => a.x - b.x);
  return { fingers: fingers.map(finger => cut(image, squares, finger)), hand: handOf(fingers) };
}

function squaresOf({ width, height, ppi, pixels }: GrayImage): Squares {
  const sidePx = Math.max(4, Math.round((BLOCK_PX * ppi) / 500));
  const columns = Math.floor(width / sidePx);
  const rows = Math.floor(height / sidePx);
  const print = new Uint8Array(columns * rows);
  // Finer images say no more of where a print is: every second pixel of every second row at 1000 ppi.
  const step = Math.max(1, Math.round(ppi / 500));
  const count = Math.ceil(sidePx / step) ** 2;
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      let sum = 0;
      let squared = 0;
      for (let y = row * sidePx; y < (row + 1) * sidePx; y += step) {
        for (let at = y * width + column * sidePx, end = at + sidePx; at < end; at += step) {
          sum += pixels[at]!;
          squared += pixels[at]! * pixels[at]!;
        }
      }
      const variance = squared / count - (sum / count) ** 2;
      print[row * columns + column] = variance >= LEAST_DEVIATION ** 2 ? 1 : 0;
    }
  }
  return { columns, rows, sidePx, sideMm: (sidePx * MM_AN_INCH) / ppi, print };
}

/** Neighbours above, below, left and right, within the image. */
function neighbours({ columns, rows }: Squares, at: number): number[] {
  const column = at % columns;
  return [
    ...(column > 0 ? [at - 1] : []),
    ...(column < columns - 1 ? [at + 1] : []),
    ...(at >= columns ? [at - columns] : []),
    ...(at < columns * (rows - 1) ? [at + columns] : []),
  ];
}

const eroded = (squares: Squares, print: Uint8Array): Uint8Array =>
  print.map((value, at) => (value === 1 && neighbours(squares, at).every(next => print[next] === 1) ? 1 : 0));

/** Groups of squares that hang together and are large enough for a finger whose rim is still there. */
function blobsIn(squares: Squares, print: Uint8Array): Blob[] {
  const rimShare = print === squares.print ? 1 : 0.5;
  const seen = new Uint8Array(print.length);
  const blobs: Blob[] = [];
  for (let start = 0; start < print.length; start += 1) {
    if (print[start] === 0 || seen[start] === 1) continue;
    const members = [start];
    seen[start] = 1;
    for (const at of members) {
      for (const next of neighbours(squares, at)) {
        if (print[next] === 0 || seen[next] === 1) continue;
        seen[next] = 1;
        members.push(next);
      }
    }
    if (members.length >= LEAST_SQUARES * rimShare) blobs.push(blobOf(squares, members));
  }
  return blobs;
}

function blobOf({ columns }: Squares, squares: readonly number[]): Blob {
  const xs = squares.map(at => at % columns);
  const ys = squares.map(at => Math.floor(at / columns));
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const x = mean(xs);
  const y = mean(ys);
  const xx = mean(xs.map(value => (value - x) ** 2));
  const yy = mean(ys.map(value => (value - y) ** 2));
  const xy = mean(xs.map((value, at) => (value - x) * (ys[at]! - y)));
  // The principal axis, from upright: a print that leans to the right has its upper end there.
  const leanRad = -0.5 * Math.atan2(2 * xy, yy - xx);
  return { squares, x, y, left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), leanRad };
}

/** Without the prints that lie beneath another: these are the next phalanges of the same fingers. */
function fingertips(blobs: readonly Blob[]): Blob[] {
  const tips: Blob[] = [];
  for (const blob of [...blobs].sort((a, b) => a.top - b.top)) {
    const width = blob.right - blob.left + 1;
    const beneath = tips.some(tip => {
      const shared = Math.min(tip.right, blob.right) - Math.max(tip.left, blob.left) + 1;
      return blob.y > tip.y && shared >= BENEATH_SHARE * width;
    });
    if (!beneath) tips.push(blob);
  }
  return tips;
}

/** Gives back the rims: each square that is print goes to the finger that reaches it first. */
function grown(squares: Squares, blobs: readonly Blob[]): Blob[] {
  const owner = new Int16Array(squares.print.length).fill(-1);
  const members = blobs.map(blob => [...blob.squares]);
  blobs.forEach(({ squares: own }, index) => {
    for (const at of own) owner[at] = index;
  });
  let front = blobs.flatMap(blob => blob.squares);
  while (front.length > 0) {
    const next: number[] = [];
    for (const at of front) {
      for (const beside of neighbours(squares, at)) {
        if (squares.print[beside] === 0 || owner[beside] !== -1) continue;
        owner[beside] = owner[at]!;
        members[owner[at]!]!.push(beside);
        next.push(beside);
      }
    }
    front = next;
  }
  return members.map(own => blobOf(squares, own));
}

/** Without what hangs on below the crease: there, across the finger, is the least print. */
function tipOf(squares: Squares, { squares: own, leanRad, ...blob }: Blob): Blob {
  const { columns, sideMm } = squares;
  const [dx, dy] = [-Math.sin(leanRad), Math.cos(leanRad)];
  const along = own.map(at => (at % columns) * dx + Math.floor(at / columns) * dy);
  const upper = Math.min(...along);
  const downMm = along.map(distance => (distance - upper) * sideMm);
  if (Math.max(...downMm) <= CREASE_MM.last) return { squares: own, leanRad, ...blob };
  const across = (mm: number): number => downMm.filter(down => Math.abs(down - mm) <= sideMm).length;
  let crease: number = CREASE_MM.last;
  for (let mm = crease; mm >= CREASE_MM.first; mm -= sideMm) if (across(mm) < across(crease)) crease = mm;
  return blobOf(
    squares,
    own.filter((_, at) => downMm[at]! < crease),
  );
}

/** A finger alone on white, with a square of air around it. */
function cut(image: GrayImage, { columns, rows, sidePx }: Squares, { squares }: Blob): SlapFinger {
  const owned = new Set(squares);
  const xs = squares.map(at => at % columns);
  const ys = squares.map(at => Math.floor(at / columns));
  const left = Math.max(0, Math.min(...xs) - 1);
  const top = Math.max(0, Math.min(...ys) - 1);
  const right = Math.min(columns - 1, Math.max(...xs) + 1);
  const bottom = Math.min(rows - 1, Math.max(...ys) + 1);
  const width = (right - left + 1) * sidePx;
  const height = (bottom - top + 1) * sidePx;
  const pixels = new Uint8Array(width * height).fill(255);
  for (let row = top; row <= bottom; row += 1) {
    for (let column = left; column <= right; column += 1) {
      if (!owned.has(row * columns + column)) continue;
      for (let y = 0; y < sidePx; y += 1) {
        const from = (row * sidePx + y) * image.width + column * sidePx;
        const to = ((row - top) * sidePx + y) * width + (column - left) * sidePx;
        pixels.set(image.pixels.subarray(from, from + sidePx), to);
      }
    }
  }
  return {
    box: { left: left * sidePx, top: top * sidePx, width, height },
    image: { width, height, ppi: image.ppi, pixels },
  };
}

/** The little finger is the lowest at its end of the hand, once the hand is turned upright by the lean of its fingers. */
function handOf(fingers: readonly Blob[]): Slap['hand'] {
  if (fingers.length !== 4) return null;
  const leanRad = fingers.reduce((sum, finger) => sum + finger.leanRad, 0) / 4;
  const first = fingers[0]!;
  const last = fingers[3]!;
  const dx = last.x - first.x;
  const dy = last.y - first.y;
  const slope = Math.tan(Math.atan2(dy, dx) - leanRad);
  if (Math.abs(slope) < HAND_SLOPE) return null;
  return slope > 0 ? 'right' : 'left';
}
