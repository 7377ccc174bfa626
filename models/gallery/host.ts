/** Entry of the gallery's process: holds the rows, and answers one call at a time over the IPC channel of its parent. */
import { constants } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { answerCalls, becomeChild, send } from '../child.ts';
import { ModelError } from '../error.ts';
import type { Rows } from './block.ts';
import { openLocalGallery, SEGMENT_ROWS } from './gallery.ts';
import { Loader } from './loader.ts';
import type { GalleryShape } from './types.ts';

becomeChild(constants.priority.PRIORITY_LOW);

// Rows pass through buffers outside the heap, where little presses for their collection: hundreds of megabytes would stay.
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as (options?: { readonly type: 'minor' }) => void;

const [, , shapeJson = ''] = process.argv;
const shape = JSON.parse(shapeJson) as GalleryShape;
let gallery = await openLocalGallery(shape);
let loader = new Loader(gallery, shape.length, SEGMENT_ROWS);

answerCalls(async ({ method, args }) => {
  switch (method) {
    case 'empty':
      await gallery[Symbol.asyncDispose]();
      gallery = await openLocalGallery(shape);
      loader = new Loader(gallery, shape.length, SEGMENT_ROWS);
      return undefined;
    case 'load':
      await loader.add(args[0] as Rows);
      return collectGarbage({ type: 'minor' });
    case 'loaded':
      await loader.finish();
      collectGarbage();
      return gallery.size;
    case 'put':
      return gallery.put(args[0] as Rows);
    case 'remove':
      return gallery.remove(args[0] as Uint32Array);
    case 'search':
      return gallery.search(args[0] as Float32Array[], args[1] as number);
    default:
      throw new ModelError('MODEL_INPUT', `there is no call gallery.${method}`);
  }
});

send({ kind: 'ready', cards: [], failures: [] });
