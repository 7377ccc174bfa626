import { create } from 'qrcode';

/** Modules of white around the code (ISO/IEC 18004, section 6.3.8). */
const QUIET = 4;

/** A text as QR code, with medium error correction: read off a screen by a telephone. */
export function Qr({ text, label }: { text: string; label: string }) {
  const { modules } = create(text, { errorCorrectionLevel: 'M' });
  const { size } = modules;
  let path = '';
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column < size; column += 1) {
      if (modules.get(row, column)) path += `M${column} ${row}h1v1h-1z`;
    }
  }
  const side = size + 2 * QUIET;
  return (
    <svg class="qr" viewBox={`${-QUIET} ${-QUIET} ${side} ${side}`} role="img" aria-label={label}>
      <rect x={-QUIET} y={-QUIET} width={side} height={side} />
      <path d={path} shape-rendering="crispEdges" />
    </svg>
  );
}
