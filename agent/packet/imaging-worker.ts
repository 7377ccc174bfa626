import { createRequire } from 'node:module';
import { parentPort } from 'node:worker_threads';
import { wrapJp2 } from './jp2.ts';

/** Pixels interleaved by component, 8 bits each, row-major. */
export interface RawImage {
  readonly width: number;
  readonly height: number;
  /** 1 grey, 3 RGB. */
  readonly components: 1 | 3;
  readonly pixels: Uint8Array;
}

export type ImagingRequest =
  | { readonly id: number; readonly kind: 'encode'; readonly image: RawImage }
  | { readonly id: number; readonly kind: 'decode'; readonly file: Uint8Array };

export type ImagingAnswer =
  | { readonly id: number; readonly kind: 'encoded'; readonly file: Uint8Array }
  | { readonly id: number; readonly kind: 'decoded'; readonly image: RawImage }
  | { readonly id: number; readonly kind: 'failed' };

interface FrameInfo {
  width: number;
  height: number;
  bitsPerSample: number;
  componentCount: number;
  isSigned: boolean;
}
interface Encoder {
  getDecodedBuffer(frame: FrameInfo): Uint8Array;
  getEncodedBuffer(): Uint8Array;
  setQuality(lossless: boolean, quality: number): void;
  setDecompositions(levels: number): void;
  encode(): void;
  delete(): void;
}
interface Decoder {
  getEncodedBuffer(bytes: number): Uint8Array;
  getDecodedBuffer(): Uint8Array;
  getFrameInfo(): FrameInfo;
  decode(): void;
  delete(): void;
}
interface OpenJpeg {
  J2KEncoder: new () => Encoder;
  J2KDecoder: new () => Decoder;
}
type OpenJpegFactory = (options: {
  print(text: string): void;
  printErr(text: string): void;
}) => Promise<OpenJpeg>;

/** Wavelet levels; 5 is the standard's usual number, fewer where the image is too small to halve so often. */
const decompositions = (image: RawImage): number =>
  Math.max(0, Math.min(5, Math.floor(Math.log2(Math.min(image.width, image.height)))));

function encode(codec: OpenJpeg, image: RawImage): Uint8Array {
  const encoder = new codec.J2KEncoder();
  try {
    const frame = {
      width: image.width,
      height: image.height,
      bitsPerSample: 8,
      componentCount: image.components,
      isSigned: false,
    };
    encoder.getDecodedBuffer(frame).set(image.pixels);
    encoder.setQuality(true, 0);
    encoder.setDecompositions(decompositions(image));
    encoder.encode();
    // The buffer is a view of the module's memory, which the next image overwrites: wrapJp2 copies it.
    return wrapJp2(encoder.getEncodedBuffer(), image);
  } finally {
    encoder.delete();
  }
}

function decode(codec: OpenJpeg, file: Uint8Array): RawImage {
  const decoder = new codec.J2KDecoder();
  try {
    decoder.getEncodedBuffer(file.length).set(file);
    decoder.decode();
    const { width, height, bitsPerSample, componentCount } = decoder.getFrameInfo();
    if (bitsPerSample !== 8 || (componentCount !== 1 && componentCount !== 3))
      throw new RangeError('not 8-bit grey or RGB');
    return { width, height, components: componentCount, pixels: Uint8Array.from(decoder.getDecodedBuffer()) };
  } finally {
    decoder.delete();
  }
}

const load = createRequire(import.meta.url)('@cornerstonejs/codec-openjpeg/wasmjs') as OpenJpegFactory;
// The codec reports every header it reads on standard output, which belongs to the agent's log.
const codec = load({ print: () => {}, printErr: () => {} });

parentPort?.on('message', async (request: ImagingRequest) => {
  const { id } = request;
  let answer: ImagingAnswer;
  try {
    answer =
      request.kind === 'encode'
        ? { id, kind: 'encoded', file: encode(await codec, request.image) }
        : { id, kind: 'decoded', image: decode(await codec, request.file) };
  } catch {
    // No cause: what the codec throws is a number of its own memory.
    answer = { id, kind: 'failed' };
  }
  parentPort?.postMessage(answer);
});
