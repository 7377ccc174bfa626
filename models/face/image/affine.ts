/** x' = a*x + b*y + c, y' = d*x + e*y + f. */
export interface Affine {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
  readonly e: number;
  readonly f: number;
}

/** The map of a `width` x `height` tensor onto a rectangle of an image, pixel areas covering each other (centres at +0.5). */
export function ontoRectangle(
  width: number,
  height: number,
  box: { x: number; y: number; width: number; height: number },
): Affine {
  const a = box.width / width;
  const e = box.height / height;
  return { a, b: 0, c: box.x + a / 2 - 0.5, d: 0, e, f: box.y + e / 2 - 0.5 };
}

/** @throws RangeError when the map squashes the plane to a line */
export function invert({ a, b, c, d, e, f }: Affine): Affine {
  const determinant = a * e - b * d;
  if (!(Math.abs(determinant) > 1e-12)) throw new RangeError('the map cannot be inverted');
  const [ia, ib, id, ie] = [e / determinant, -b / determinant, -d / determinant, a / determinant];
  return { a: ia, b: ib, c: -(ia * c + ib * f), d: id, e: ie, f: -(id * c + ie * f) };
}

/**
 * The similarity (turn, one scale, shift; no mirroring) that brings `from` nearest to `to` in the sense of least squares.
 * Points are x, y pairs. Closed form of Umeyama (1991) in the plane: with complex numbers, the regression slope.
 * @throws RangeError when the points of `from` coincide
 */
export function fitSimilarity(from: ArrayLike<number>, to: ArrayLike<number>): Affine {
  const points = from.length / 2;
  let [fx, fy, tx, ty] = [0, 0, 0, 0];
  for (let i = 0; i < points; i++) {
    fx += from[2 * i]! / points;
    fy += from[2 * i + 1]! / points;
    tx += to[2 * i]! / points;
    ty += to[2 * i + 1]! / points;
  }
  let [real, imaginary, spread] = [0, 0, 0];
  for (let i = 0; i < points; i++) {
    const [x, y] = [from[2 * i]! - fx, from[2 * i + 1]! - fy];
    const [u, v] = [to[2 * i]! - tx, to[2 * i + 1]! - ty];
    real += x * u + y * v;
    imaginary += x * v - y * u;
    spread += x * x + y * y;
  }
  if (!(spread > 1e-12)) throw new RangeError('the points coincide');
  const a = real / spread;
  const d = imaginary / spread;
  return { a, b: -d, c: tx - (a * fx - d * fy), d, e: a, f: ty - (d * fx + a * fy) };
}
