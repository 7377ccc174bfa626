import { MODEL_PPI } from './normalise.ts';
import {
  decodeMinutiaeRecord,
  encodeMinutiaeRecord,
  type MinutiaeRepresentation,
  type RecordedMinutia,
  type RecordedQuality,
} from './record19794-2.ts';
import { decodeTemplate } from './template.ts';
import type { Minutia } from './types.ts';

/** Media type of a minutiae record as a blob of a packet. */
export const MINUTIAE_RECORD_MEDIA_TYPE = 'application/vnd.iso.19794-2';

/** What a template does not know of its print. */
export interface PrintDetails {
  readonly capturedAt: Date | null;
  /** ISO/IEC 19794-2:2011 finger position: 0 unknown, 1..10 right thumb .. left little. */
  readonly position: number;
  /** ISO/IEC 19794-2:2011 capture device technology; 0 unknown. */
  readonly technology?: number;
  readonly qualities?: readonly RecordedQuality[];
}

/** 500 ppi is 196.85 pixels a centimetre; records of all makers say 197 for it. */
const MODEL_PIXELS_PER_CM = 197;
const CM_PER_INCH = 2.54;
const STEPS_PER_TURN = 256;
const LIVE_SCAN_PLAIN = 0;
/** Our position is where the ridge phase breaks, nearer to the valley's fork than to the ridge's last point. */
const ON_VALLEY_FORK = 0;

/**
 * Templates as one ISO/IEC 19794-2:2011 record, so that other matchers can compare what was captured. Descriptors have no
 * place in it. Several prints of a finger are numbered in the order given.
 * @returns undefined when no template holds a minutia: the format has no empty print
 * @throws ModelError MODEL_INPUT when a template is truncated or damaged; RangeError when details do not fit the format
 */
export function minutiaeRecordOf(
  prints: readonly { readonly template: Uint8Array; readonly details: PrintDetails }[],
): Uint8Array | undefined {
  const numbers = new Map<number, number>();
  const representations: MinutiaeRepresentation[] = [];
  for (const { template, details } of prints) {
    const { width, height, minutiae } = decodeTemplate(template);
    if (minutiae.length === 0) continue;
    const number = numbers.get(details.position) ?? 0;
    numbers.set(details.position, number + 1);
    representations.push({
      capturedAt: details.capturedAt,
      device: { technology: details.technology ?? 0, vendor: 0, type: 0 },
      qualities: details.qualities ?? [],
      position: details.position,
      number,
      pixelsPerCmX: MODEL_PIXELS_PER_CM,
      pixelsPerCmY: MODEL_PIXELS_PER_CM,
      impression: LIVE_SCAN_PLAIN,
      width,
      height,
      endingPlace: ON_VALLEY_FORK,
      minutiae: minutiae.map(minutia => recorded(minutia, width, height)),
      extended: new Uint8Array(),
    });
  }
  return representations.length > 0 ? encodeMinutiaeRecord({ representations }) : undefined;
}

function recorded(minutia: Minutia, width: number, height: number): RecordedMinutia {
  const { type, x, y, directionRad, confidence } = minutia;
  const within = (value: number, side: number): number => Math.min(side - 1, Math.max(0, Math.round(value)));
  // The record turns counter-clockwise, our directions clockwise, as y points down.
  const steps = Math.round((-directionRad / (2 * Math.PI)) * STEPS_PER_TURN);
  return {
    type,
    x: within(x, width),
    y: within(y, height),
    angleSteps: ((steps % STEPS_PER_TURN) + STEPS_PER_TURN) % STEPS_PER_TURN,
    quality: Math.round(100 * confidence),
  };
}

/** The minutiae of a record's print in our own terms: pixels at 500 ppi, clockwise directions. */
export function minutiaeOfRecord(print: MinutiaeRepresentation): {
  readonly width: number;
  readonly height: number;
  readonly minutiae: readonly Minutia[];
} {
  const scaleX = scaleOf(print.pixelsPerCmX);
  const scaleY = scaleOf(print.pixelsPerCmY);
  const minutiae = print.minutiae.map(({ type, x, y, angleSteps, quality }): Minutia => {
    const turns = -angleSteps / STEPS_PER_TURN;
    return {
      x: x * scaleX,
      y: y * scaleY,
      directionRad: 2 * Math.PI * (turns < -0.5 ? turns + 1 : turns === 0 ? 0 : turns),
      // A type that is neither is rare and nothing compares by it.
      type: type === 'bifurcation' ? 'bifurcation' : 'ending',
      confidence: quality <= 100 ? quality / 100 : 0,
    };
  });
  return { width: Math.round(print.width * scaleX), height: Math.round(print.height * scaleY), minutiae };
}

const scaleOf = (pixelsPerCm: number): number =>
  pixelsPerCm === MODEL_PIXELS_PER_CM ? 1 : MODEL_PPI / (pixelsPerCm * CM_PER_INCH);

/** One finger of a record that holds no image, ready for comparison by minutiae alone. */
export interface MinutiaePrint {
  /** As in the record: 0 unknown, 1..10 right thumb .. left little. */
  readonly position: number;
  /** A record of this print alone: what stands for a template where there are no descriptors. Biometric: never logged. */
  readonly template: Uint8Array;
  /** Best quality that the record states, 0..100 in its maker's terms; 0 where it states none. */
  readonly qualityScore: number;
}

/** First bytes of a minutiae record of any version. */
const MAGIC = 'FMR\x00';

/** Whether bytes, of a reference or a template, are a minutiae record: to be compared by minutiae alone. */
export const isMinutiaeRecord = (bytes: Uint8Array): boolean =>
  Buffer.from(bytes.subarray(0, MAGIC.length)).toString('latin1') === MAGIC;

/**
 * Every print of a record by itself.
 * @throws ModelError MODEL_INPUT where the record is damaged, or of another version than ISO/IEC 19794-2:2005 and 2011
 */
export const minutiaePrintsOf = (record: Uint8Array): MinutiaePrint[] =>
  decodeMinutiaeRecord(record).representations.map(print => ({
    position: print.position,
    template: encodeMinutiaeRecord({ representations: [{ ...print, extended: new Uint8Array() }] }),
    qualityScore: Math.max(0, ...print.qualities.map(({ score }) => (score <= 100 ? score : 0))),
  }));

/**
 * The minutiae of a template, with descriptors or without.
 * @throws ModelError MODEL_INPUT when it is truncated, foreign or damaged
 */
export function minutiaeOfTemplate(template: Uint8Array): readonly Minutia[] {
  if (!isMinutiaeRecord(template)) return decodeTemplate(template).minutiae;
  return decodeMinutiaeRecord(template).representations.flatMap(print => minutiaeOfRecord(print).minutiae);
}
