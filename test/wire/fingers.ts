import type { GrayImageLike } from '../../sim/sensor/image.ts';

/** Ridges 9 pixels apart around a core, like a whorl's; `seed` bends them, `dx` and `dy` move the finger. */
export function drawnFinger(seed: number, dx = 0, dy = 0): GrayImageLike {
  const width = 256;
  const height = 288;
  const pixels = new Uint8Array(width * height);
  const phase = (n: number) => (Math.sin(seed * 12.9898 + n * 78.233) * 43758.5453) % Math.PI;
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const u = x - dx - 128 + 10 * phase(1);
      const v = y - dy - 144 + 10 * phase(2);
      const outside = Math.hypot(u / 105, v / 130) > 1;
      const radius = Math.hypot(u * (1 + 0.2 * phase(3)), v * (1 + 0.2 * phase(4)));
      const bend =
        2 * Math.sin(u / 23 + phase(5)) +
        2 * Math.sin(v / 31 + phase(6)) +
        Math.round(phase(7)) * Math.atan2(v, u);
      pixels[y * width + x] = outside ? 255 : 128 + 110 * Math.cos((2 * Math.PI * radius) / 9 + bend);
    }
  }
  return { width, height, pixels };
}
