/** Entry of the process that holds fingers: answers one call at a time over the IPC channel of its parent. */
import { constants } from 'node:os';
import { answerCalls, becomeChild, send } from '../child.ts';
import { ModelError } from '../error.ts';
import { openLocalFingerGallery } from './finger-gallery.ts';
import type { FingerRecord } from './types.ts';

becomeChild(constants.priority.PRIORITY_LOW);

const [, , shapeJson = ''] = process.argv;
const shape = JSON.parse(shapeJson) as { readonly threads: number };
let gallery = await openLocalFingerGallery(shape);

answerCalls(async ({ method, args }) => {
  switch (method) {
    case 'empty':
      gallery = await openLocalFingerGallery(shape);
      return undefined;
    case 'load':
    case 'put':
      return gallery.put(args[0] as FingerRecord[]);
    case 'loaded':
      return gallery.size;
    case 'remove':
      return gallery.remove(args[0] as Uint32Array);
    case 'search':
      return gallery.search(args[0] as Uint8Array[], args[1] as number, args[2] as Uint32Array);
    default:
      throw new ModelError('MODEL_INPUT', `there is no call gallery.${method}`);
  }
});

send({ kind: 'ready', cards: [], failures: [] });
