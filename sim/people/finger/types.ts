/** An 8-bit grey image, row-major, 0 black .. 255 white; ridges dark. */
export interface GrayImage {
  readonly width: number;
  readonly height: number;
  /** Pixels per inch. */
  readonly ppi: number;
  readonly pixels: Uint8Array;
}

export type PatternClass = 'arch' | 'tented_arch' | 'left_loop' | 'right_loop' | 'whorl' | 'double_loop';

/** Where a ridge ends or divides, known from the generator, not measured. */
export interface Minutia {
  /** Pixels from the image's upper left pixel centre, x to the right, y down. */
  readonly x: number;
  readonly y: number;
  /**
   * [0, 2 pi), from +x towards +y: along the ridge that begins here (ending) or the valley that begins here (bifurcation),
   * as ISO/IEC 19794-2 has it but in image axes.
   */
  readonly directionRad: number;
  readonly type: 'ending' | 'bifurcation';
  /** False near singular points, at the rim of the contact and under creases: an extractor may miss it without fault. */
  readonly reliable: boolean;
}

export interface SingularPoint {
  readonly x: number;
  readonly y: number;
  readonly kind: 'core' | 'delta';
}

/** A permanent white line across the ridges, as a polyline in the master's pixels. */
export interface Crease {
  readonly points: readonly (readonly [x: number, y: number])[];
  readonly widthPx: number;
}

/** One finger: all that its impressions have in common. */
export interface Master {
  readonly seed: number;
  readonly patternClass: PatternClass;
  readonly width: number;
  readonly height: number;
  readonly ppi: number;
  /** Ridge profile -127 (valley) .. 127 (ridge), row-major; outside the finger's outline all -127. */
  readonly ridges: Int8Array;
  readonly minutiae: readonly Minutia[];
  readonly singularPoints: readonly SingularPoint[];
  readonly creases: readonly Crease[];
}
