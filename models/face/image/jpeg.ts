/** Markers of ITU-T T.81, table B.1: start of a frame coded by Huffman (baseline, extended, progressive), and of EXIF. */
const START_OF_IMAGE = 0xffd8;
const FRAMES: readonly number[] = [0xffc0, 0xffc1, 0xffc2];
const APP1 = 0xffe1;

/**
 * Width and height of a JPEG as cameras send it: upright (no EXIF), grey or in colours of three components.
 * @returns undefined for any other file, about which a library has to be asked
 */
export function cameraJpegSize(file: Uint8Array): { width: number; height: number } | undefined {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (view.byteLength < 4 || view.getUint16(0) !== START_OF_IMAGE) return undefined;
  // Segments follow each other: marker, length (of itself and what comes), content.
  for (let at = 2; at + 10 <= view.byteLength; at += 2 + view.getUint16(at + 2)) {
    const marker = view.getUint16(at);
    if (FRAMES.includes(marker)) {
      if (view.getUint8(at + 9) > 3) return undefined;
      return { width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    }
    if (marker < 0xff00 || marker === APP1) return undefined;
  }
  return undefined;
}
