/** Size of a master in pixels at 500 ppi: 21 x 28 mm, more than any flat impression shows. */
export const MASTER_WIDTH = 416;
export const MASTER_HEIGHT = 560;
export const MASTER_PPI = 500;

/** The first and past-the-last column of each row inside the finger: work outside is skipped. */
export interface RowSpans {
  readonly from: Int16Array;
  readonly to: Int16Array;
}

/**
 * The finger's outline, a super-ellipse of exponent 3 that touches the canvas: it holds every 256x288 window a finger is
 * laid on, and leaves out the corners.
 */
export function outlineSpans(width: number, height: number, insetPx = 0): RowSpans {
  const from = new Int16Array(height);
  const to = new Int16Array(height);
  for (let y = 0; y < height; y++) {
    const v = Math.abs((y + 0.5 - height / 2) / (height / 2 - insetPx));
    const half = v < 1 ? Math.cbrt(1 - v * v * v) * (width / 2 - insetPx) : 0;
    from[y] = Math.ceil(width / 2 - half);
    to[y] = Math.floor(width / 2 + half);
  }
  return { from, to };
}

/** Pixels between a place and the outline, positive inside (by the super-ellipse's own norm, exact on the axes). */
export function insideOutlinePx(x: number, y: number): number {
  const u = Math.abs((x + 0.5 - MASTER_WIDTH / 2) / (MASTER_WIDTH / 2));
  const v = Math.abs((y + 0.5 - MASTER_HEIGHT / 2) / (MASTER_HEIGHT / 2));
  return (1 - (u * u * u + v * v * v)) * (MASTER_WIDTH / 6);
}
