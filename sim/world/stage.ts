/** What stands and lies before the kiosk's devices at this moment. The devices look at it; the visitor changes it. */
import type { Laid } from '../sbi/slap.ts';

export interface GrayImage {
  readonly width: number;
  readonly height: number;
  readonly ppi: number;
  readonly pixels: Uint8Array;
}

/** How somebody can stand before the camera. */
export const POSES = [
  'neutral',
  'smile',
  'turned-left',
  'turned-right',
  'blink',
  'closer',
  'too-dark',
  'too-far',
  'nobody',
  'two-faces',
] as const;

export type Pose = (typeof POSES)[number];

export class Stage {
  /** The print on the sensor's glass; null while no finger lies there. */
  finger: GrayImage | null = null;
  /** What lies on the glass of a slap scanner. */
  hand: Laid | null = null;
  /** Who stands before the camera, and how. */
  pose: Pose = 'nobody';
}
