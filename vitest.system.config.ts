import { defineConfig } from 'vitest/config';

/** What needs more than Node: a real broker, ffmpeg, a browser, measured data. A part that is missing fails its test. */
export default defineConfig({
  test: {
    include: ['test/system/**/*.test.ts', 'test/screen/**/*.test.ts'],
    maxWorkers: 1,
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
});
