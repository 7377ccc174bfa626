import { defineConfig } from 'vitest/config';

/** A machine that boots; by hand, for it takes long. */
export default defineConfig({
  test: {
    include: ['test/machine/**/*.test.ts'],
    fileParallelism: false,
    testTimeout: 1_800_000,
    hookTimeout: 1_800_000,
  },
});
