/** Where the development data stand. They are not part of the repository. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Folder with `face` and `finger`: `VANTAY_DATA`, or `../shared/data` beside the repository. */
export const DATA_FOLDER =
  process.env.VANTAY_DATA ?? fileURLToPath(new URL('../../../shared/data', import.meta.url));

export const hasData = (): boolean =>
  existsSync(`${DATA_FOLDER}/face`) && existsSync(`${DATA_FOLDER}/finger`);
