import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/{unit,wire,flow}/**/*.test.ts', 'test/boundary.test.ts'],
    // Flow tests run whole kiosks as processes: two at a time is what a two-core machine carries.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
