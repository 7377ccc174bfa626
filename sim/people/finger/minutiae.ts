import type { RidgeWave } from './grow.ts';
import { insideOutlinePx } from './outline.ts';
import type { Minutia, SingularPoint } from './types.ts';

/** Two dislocations nearer than this cancel out: no eye and no extractor sees them. */
const ANNIHILATION_PX = 3.5;
/** Round a core or delta the wave has no single direction. */
const SINGULAR_RADIUS_PX = 9;
/** Ridges within this of the outline were grown with half a neighbourhood. */
const RIM_PX = 6;

const wrap = (angle: number): number => angle - 2 * Math.PI * Math.round(angle / (2 * Math.PI));

/** A minutia is where the phase of the ridge wave winds once round: an exact, local definition. */
function dislocations(wave: RidgeWave): { x: number; y: number; directionRad: number }[] {
  const { width, height, even, odd, thetaRad } = wave;
  const phase = new Float64Array(4);
  const found: { x: number; y: number; directionRad: number }[] = [];
  for (let y = 0; y < height - 1; y++) {
    for (let x = 0; x < width - 1; x++) {
      const first = y * width + x;
      if (insideOutlinePx(x, y) < RIM_PX) continue;
      const corners = [first, first + 1, first + width + 1, first + width];
      // The phase winds only where the cosine part changes sign: most cells need no arc tangent.
      let above = 0;
      for (const i of corners) if (even[i]! > 0) above++;
      if (above === 0 || above === 4) continue;
      const theta = thetaRad[first]!;
      for (let c = 0; c < 4; c++) {
        const i = corners[c]!;
        // The sine part changes sign with the branch of the tangent: take it on the branch of the first corner.
        const sign = Math.cos(thetaRad[i]! - theta) < 0 ? -1 : 1;
        phase[c] = Math.atan2(sign * odd[i]!, even[i]!);
      }
      let turns = 0;
      for (let c = 0; c < 4; c++) turns += wrap(phase[(c + 1) % 4]! - phase[c]!);
      if (Math.abs(turns) < Math.PI) continue;
      const directionRad = turns > 0 ? theta : theta + Math.PI;
      found.push({ x: x + 0.5, y: y + 0.5, directionRad: directionRad % (2 * Math.PI) });
    }
  }
  return found;
}

/** The minutiae of a ridge wave, exact to half a pixel. */
export function trueMinutiae(wave: RidgeWave, singularPoints: readonly SingularPoint[]): Minutia[] {
  const found = dislocations(wave);
  const apart = found.filter(
    a => !found.some(b => b !== a && Math.hypot(a.x - b.x, a.y - b.y) < ANNIHILATION_PX),
  );
  return apart.map(({ x, y, directionRad }) => {
    const ahead = 0.8 * wave.periodPx[Math.floor(y) * wave.width + Math.floor(x)]!;
    const column = Math.round(x + ahead * Math.cos(directionRad));
    const row = Math.round(y + ahead * Math.sin(directionRad));
    const ridgeAhead = (wave.even[row * wave.width + column] ?? 0) > 0;
    const reliable = singularPoints.every(
      point => Math.hypot(point.x - x, point.y - y) >= SINGULAR_RADIUS_PX,
    );
    return { x, y, directionRad, type: ridgeAhead ? 'ending' : 'bifurcation', reliable };
  });
}
