import { defineConfig } from 'vitest/config';
import { DATA_FOLDER, hasData } from './test/system/shared-data.ts';

/** Tests on measured data, which are not part of the repository. */
const ON_DATA = [
  'test/system/accuracy.test.ts',
  'test/system/face-quality.test.ts',
  'test/system/finger-evaluation.test.ts',
  'test/system/identification.test.ts',
  'test/system/people.test.ts',
];

if (!hasData()) console.warn(`NOT RUN, no data at ${DATA_FOLDER}: ${ON_DATA.join(', ')}`);

/** What needs more than Node: a real broker, ffmpeg, a browser, measured data. A part that is missing fails its test. */
export default defineConfig({
  test: {
    include: ['test/system/**/*.test.ts', 'test/screen/**/*.test.ts'],
    exclude: hasData() ? [] : ON_DATA,
    maxWorkers: 1,
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
});
