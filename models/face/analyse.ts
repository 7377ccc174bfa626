import type { Graph } from '../runtime.ts';
import { byProminence, type FaceDetector } from './detect.ts';
import { type Embedder, embed } from './embed.ts';
import { eyesOpen } from './eyes.ts';
import { decodeFrame } from './image/decode.ts';
import { Pyramid } from './image/pyramid.ts';
import { type FacePoints, findLandmarks } from './landmarks.ts';
import { headPose } from './pose.ts';
import { gradePortrait } from './quality/grade.ts';
import { ramp } from './quality/scale.ts';
import type { AnalyseOptions, Face, FaceAnalysis, FaceBox } from './types.ts';

/** Says how much a comparison can be made of a face. */
export interface PortraitRater {
  /** @returns 0 (unusable) .. 1 (very good) */
  rate(pyramid: Pyramid, face: FacePoints): Promise<number>;
}

/** A passive sign of liveness (ISO/IEC 30107): evidence, no decision. */
export interface PassiveLiveness {
  /** As it stands in results. */
  readonly id: string;
  /** @returns 0 (an attack) .. 1 (a living face) */
  score(pyramid: Pyramid, box: FaceBox): Promise<number>;
}

/** What an analysis is made of. */
export interface FaceParts {
  readonly detector: FaceDetector;
  readonly landmarks: Graph;
  readonly embedding: Embedder;
  readonly pose: Graph;
  readonly eyes: Graph;
  /** Absent: the length of the embedding's vector says how usable a face is, where it says so. */
  readonly rater?: PortraitRater;
  readonly passive: readonly PassiveLiveness[];
}

const scaled = ({ x, y, width, height }: FaceBox, scale: number): FaceBox => ({
  x: x * scale,
  y: y * scale,
  width: width * scale,
  height: height * scale,
});

/** From the pixels of the analysed image to those of the frame it was made smaller from. */
const inFramePixels = (face: Face, scale: number): Face => ({
  ...face,
  box: scaled(face.box, scale),
  landmarks: face.landmarks.map(value => value * scale),
});

async function passiveScores(
  parts: FaceParts,
  pyramid: Pyramid,
  box: FaceBox,
): Promise<Record<string, number>> {
  const scores: Record<string, number> = {};
  for (const one of parts.passive) scores[one.id] = await one.score(pyramid, box);
  return scores;
}

/** A frame, stage by stage. @throws ModelError MODEL_INPUT when the file is no picture */
export async function analyseFrame(
  parts: FaceParts,
  file: Uint8Array,
  { live = false, near, passive = false }: AnalyseOptions = {},
): Promise<FaceAnalysis> {
  const frame = await decodeFrame(file);
  const { width, height } = frame;
  const pyramid = new Pyramid(frame.image);
  const found = await parts.detector.detect(pyramid, live, near && scaled(near, 1 / frame.scale));
  const detections = byProminence(found, frame.image);
  const main = detections[0];
  if (!main) return { width, height, faceCount: 0, quality: gradePortrait(frame, detections) };
  const { box, confidence, points } = main;
  const landmarks = await findLandmarks(parts.landmarks, pyramid, box);
  const where: FacePoints = points ? { landmarks, points } : { landmarks };
  const { vector: embedding, norm: embeddingNorm } = await embed(parts.embedding, pyramid, where);
  const pose = await headPose(parts.pose, pyramid, box, landmarks);
  const open = await eyesOpen(parts.eyes, pyramid, landmarks);
  const face: Face = {
    box,
    confidence,
    landmarks,
    ...pose,
    eyesOpen: open,
    embedding,
    embeddingNorm,
    ...(passive ? { passive: await passiveScores(parts, pyramid, box) } : {}),
  };
  const usable = parts.rater ? await parts.rater.rate(pyramid, where) : usableShare(parts, embeddingNorm);
  const quality = gradePortrait(frame, detections, { face, pyramid, usable });
  return { width, height, faceCount: detections.length, face: inFramePixels(face, frame.scale), quality };
}

/** How much the comparison has to work with, told by the length of the embedding's vector, 0..1; 1 where it says nothing. */
function usableShare({ embedding }: FaceParts, vectorNorm: number): number {
  const { norm } = embedding.spec;
  return norm ? ramp(vectorNorm, norm.worst, norm.best) : 1;
}
