import type { Graph } from '../runtime.ts';
import { detect } from './detect.ts';
import { type Embedder, embed } from './embed.ts';
import { eyesOpen } from './eyes.ts';
import { decodeFrame } from './image/decode.ts';
import { Pyramid } from './image/pyramid.ts';
import { findLandmarks } from './landmarks.ts';
import { headPose } from './pose.ts';
import { gradePortrait } from './quality/grade.ts';
import type { Face, FaceAnalysis } from './types.ts';

export interface FaceGraphs {
  readonly detection: Graph;
  readonly landmarks: Graph;
  readonly embedding: Embedder;
  readonly pose: Graph;
  readonly eyes: Graph;
}

/** From the pixels of the analysed image to those of the frame it was made smaller from. */
function inFramePixels(face: Face, scale: number): Face {
  const { x, y, width, height } = face.box;
  return {
    ...face,
    box: { x: x * scale, y: y * scale, width: width * scale, height: height * scale },
    landmarks: face.landmarks.map(value => value * scale),
  };
}

/** A frame, stage by stage. @throws ModelError MODEL_INPUT when the file is no picture */
export async function analyseFrame(graphs: FaceGraphs, file: Uint8Array): Promise<FaceAnalysis> {
  const frame = await decodeFrame(file);
  const { width, height } = frame;
  const pyramid = new Pyramid(frame.image);
  const detections = await detect(graphs.detection, pyramid);
  const main = detections[0];
  if (!main) return { width, height, faceCount: 0, quality: gradePortrait(frame, detections) };
  const { box, confidence } = main;
  const landmarks = await findLandmarks(graphs.landmarks, pyramid, box);
  const { vector: embedding, norm: embeddingNorm } = await embed(graphs.embedding, pyramid, landmarks);
  const pose = await headPose(graphs.pose, pyramid, box, landmarks);
  const open = await eyesOpen(graphs.eyes, pyramid, landmarks);
  const face: Face = { box, confidence, landmarks, ...pose, eyesOpen: open, embedding, embeddingNorm };
  const quality = gradePortrait(frame, detections, { face, pyramid }, graphs.embedding.spec.norm);
  return { width, height, faceCount: detections.length, face: inFramePixels(face, frame.scale), quality };
}
