/**
 * The anchors of the RFB-320 detector (github.com/Linzaer/Ultra-Light-Fast-Generic-Face-Detector-1MB, box_utils.py), for a
 * picture of any size: on each of four grids one anchor for each side, in the order of the network's output.
 */
const GRIDS = [
  { stride: 8, firstRow: 4, sides: [10, 16, 24] },
  { stride: 16, firstRow: 8, sides: [32, 48] },
  { stride: 32, firstRow: 8, sides: [64, 96] },
  { stride: 64, firstRow: 24, sides: [128, 192, 256] },
] as const;
/**
 * Height of the pictures it was trained on, in pixels. Its authors cut anchors off there, and spread the rows of each grid
 * evenly over it, though 32 and 64 do not divide it; at any other height rows lie a stride apart, as they do in the picture,
 * from where those in the middle keep their place.
 */
const TRAINED_HEIGHT = 240;
// How the network scales its offsets, from its training.
const CENTRE_VARIANCE = 0.1;
const SIZE_VARIANCE = 0.2;

/** Centre x and y, width and height of each anchor, in pixels of the network's input. */
export function anchorsOf({ width, height }: { width: number; height: number }): Float32Array {
  const values: number[] = [];
  for (const { stride, firstRow, sides } of GRIDS) {
    const rows = Math.ceil(height / stride);
    const spread = height / rows;
    const [first, step] = height === TRAINED_HEIGHT ? [spread / 2, spread] : [firstRow, stride];
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < Math.ceil(width / stride); column++) {
        const [x, y] = [(column + 0.5) * stride, first + row * step];
        for (const side of sides) values.push(x, y, side, Math.min(TRAINED_HEIGHT, side));
      }
    }
  }
  return Float32Array.from(values);
}

/** The box of one anchor, in pixels of the network's input. @param offsets what the network gives, four values an anchor */
export function boxAt(anchors: Float32Array, offsets: Float32Array, index: number) {
  const at = 4 * index;
  const [anchorWidth, anchorHeight] = [anchors[at + 2]!, anchors[at + 3]!];
  const width = anchorWidth * Math.exp(offsets[at + 2]! * SIZE_VARIANCE);
  const height = anchorHeight * Math.exp(offsets[at + 3]! * SIZE_VARIANCE);
  return {
    x: anchors[at]! + offsets[at]! * CENTRE_VARIANCE * anchorWidth - width / 2,
    y: anchors[at + 1]! + offsets[at + 1]! * CENTRE_VARIANCE * anchorHeight - height / 2,
    width,
    height,
  };
}
