import type { ModelCard } from '../card.ts';

/** An 8-bit grey image: row-major, `pixels.length === width * height`, 0 black .. 255 white, ridges dark. */
export interface GrayImage {
  readonly width: number;
  readonly height: number;
  /** Resolution in pixels per inch. */
  readonly ppi: number;
  readonly pixels: Uint8Array;
}

/** What the applicant can mend at the scanner. Stable words: the screen keys its messages on them. */
export type FingerAdvice =
  | 'place_finger'
  | 'finger_moved'
  | 'press_harder'
  | 'finger_too_wet'
  | 'finger_too_dry';

/** One ridge ending or bifurcation. */
export interface Minutia {
  /** Pixels at 500 ppi from the left and the top edge of the image. */
  readonly x: number;
  readonly y: number;
  /** Radians, -pi..pi, clockwise from the x axis as the y axis points down. */
  readonly directionRad: number;
  readonly type: 'ending' | 'bifurcation';
  /** 0..1 */
  readonly confidence: number;
}

/** Each 0 (unusable) .. 100 (nothing to wish for). */
export interface FingerQualityComponents {
  /** How much of a finger's print the sensor saw. */
  readonly area: number;
  readonly ridgeClarity: number;
  readonly contrast: number;
  /** 0 dry or wet beyond use, 100 neither. */
  readonly moisture: number;
  readonly minutiae: number;
}

/** How well a print will compare. An own measure: it is not NFIQ 2 and must not be called so. */
export interface FingerQuality {
  /** 0..100; 0 when no finger was seen. */
  readonly score: number;
  readonly components: FingerQualityComponents;
  /** What would mend the weakest component, most helpful first; empty when the print will do. */
  readonly advice: readonly FingerAdvice[];
  readonly algorithm: 'vantay-finger-quality';
  readonly version: string;
}

export interface FingerExtraction {
  /** Vantay's own format, at most 6 KB; empty of minutiae (never absent) when no finger was seen. Biometric: never logged. */
  readonly template: Uint8Array;
  readonly quality: FingerQuality;
  /** Strongest first, at most as many as the model's card says. Biometric: never logged. */
  readonly minutiae: readonly Minutia[];
}

export interface FingerModels {
  /**
   * Minutiae, descriptors and quality of one print. An image without a print yields quality 0 and a template that
   * matches nothing; it is no error.
   * @throws ModelError MODEL_INPUT when the image is none (size and pixels disagree, resolution out of 100..2000 ppi,
   *   more than 16 megapixels at 500 ppi)
   */
  extract(image: GrayImage): Promise<FingerExtraction>;
  /**
   * The same for a compressed reference (PNG, JPEG, TIFF or WebP file) of known resolution.
   * @throws ModelError MODEL_INPUT also when the bytes are no picture
   */
  extractEncoded(bytes: Uint8Array, ppi: number): Promise<FingerExtraction>;
  /**
   * How alike the probe is to each reference: 0 (nothing in common) upwards, as calibrated in the matching card's
   * `fmrTable`. Symmetric.
   * @throws ModelError MODEL_INPUT when a template is truncated, foreign or damaged
   */
  match(probe: Uint8Array, references: readonly Uint8Array[]): Promise<number[]>;
  /**
   * The same by minutiae alone, for references that are a print of a minutiae record (ISO/IEC 19794-2): less sure, and on a
   * scale of its own, as calibrated in the `fmrTable` of the card with task 'finger-minutiae-matching'. Either side may be a template
   * or a record. Errors as {@link match}.
   */
  matchMinutiae(probe: Uint8Array, references: readonly Uint8Array[]): Promise<number[]>;
  /** The card of each model; those with task 'finger-matching' and 'finger-minutiae-matching' carry tables of FMR and threshold. */
  readonly cards: readonly ModelCard[];
}
