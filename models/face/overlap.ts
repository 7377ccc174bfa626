import type { Detection } from './detect.ts';
import type { FaceBox } from './types.ts';

/** Shared area over joint area, 0..1. */
export function overlap(a: FaceBox, b: FaceBox): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  const shared = Math.max(0, width) * Math.max(0, height);
  const joint = a.width * a.height + b.width * b.height - shared;
  return joint > 0 ? shared / joint : 0;
}

/** Keeps the most confident of boxes that overlap more than `max` (non-maximum suppression), most confident first. */
export function suppressOverlaps(detections: readonly Detection[], max: number): Detection[] {
  const kept: Detection[] = [];
  for (const one of detections.toSorted((a, b) => b.confidence - a.confidence)) {
    if (kept.every(better => overlap(better.box, one.box) <= max)) kept.push(one);
  }
  return kept;
}
