/** What a record server reads in a kiosk's finger template (format `VFT1`): the descriptors of its strongest minutiae. */
import { SealedError } from '../../backend/sealed/error.ts';

const MAGIC = 'VFT1';
/** A print of which only minutiae are on file (ISO/IEC 19794-2): it has no descriptors to search by. */
const BARE_MAGIC = 'FMR\x00';
const COUNT_AT = 12;
const HEADER_BYTES = 16;
/** Place, direction and type before each descriptor. */
const PLACE_BYTES = 6;
export const DESCRIPTOR_LENGTH = 64;
const MINUTIA_BYTES = PLACE_BYTES + DESCRIPTOR_LENGTH;
const CRC_BYTES = 4;
/** Templates have the strongest first; those beyond tell little more. */
const STRONGEST = 24;

/** @throws SealedError `manifest_malformed` */
export function descriptorsOf(template: Uint8Array): Int8Array[] {
  const format = Buffer.from(template.subarray(0, MAGIC.length)).toString('latin1');
  if (format === BARE_MAGIC) return [];
  const count = template[COUNT_AT] ?? 0;
  if (format !== MAGIC || template.length !== HEADER_BYTES + count * MINUTIA_BYTES + CRC_BYTES)
    throw new SealedError('manifest_malformed', 'no finger template');
  return Array.from({ length: Math.min(count, STRONGEST) }, (_, index) => {
    const at = HEADER_BYTES + index * MINUTIA_BYTES + PLACE_BYTES;
    return Int8Array.from(template.subarray(at, at + DESCRIPTOR_LENGTH));
  });
}
