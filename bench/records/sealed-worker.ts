/** The thread that reads a cache: it makes one of made-up records, then unseals these lot by lot as they are asked for. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { LENGTH, madeUp } from './people.ts';

export interface SealedCache {
  readonly path: string;
  readonly key: Uint8Array;
  readonly records: number;
}

/** 'make', or the first id of the lot that is wanted. */
export type Order = 'make' | number;

const LOT = 2048;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const CIPHER = 'aes-256-gcm';

const { path, key, records } = workerData as SealedCache;
const database = new DatabaseSync(path);

/** Binds a sealed row to its record. */
function boundTo(id: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, id);
  return bytes;
}

function seal(id: number, row: Int8Array): Uint8Array {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce).setAAD(boundTo(id));
  const sealed = Buffer.concat([cipher.update(new Uint8Array(row)), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
}

function unseal(id: number, bytes: Uint8Array): Uint8Array {
  const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES)).setAAD(boundTo(id));
  decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
  return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
}

function make(): void {
  database.exec('CREATE TABLE record(id INTEGER PRIMARY KEY, sealed BLOB NOT NULL); BEGIN');
  const insert = database.prepare('INSERT INTO record VALUES (?, ?)');
  for (const { ids, bytes } of madeUp(0, records))
    ids.forEach((id, at) => {
      insert.run(id, seal(id, bytes.subarray(at * LENGTH, (at + 1) * LENGTH)));
    });
  database.exec('COMMIT');
}

const select = () => database.prepare('SELECT id, sealed FROM record WHERE id >= ? ORDER BY id LIMIT ?');

parentPort?.on('message', (order: Order) => {
  if (order === 'make') {
    make();
    parentPort?.postMessage('made');
    return;
  }
  const rows = select().all(order, LOT) as { id: number; sealed: Uint8Array }[];
  const ids = Uint32Array.from(rows, ({ id }) => id);
  const bytes = new Int8Array(rows.length * LENGTH);
  rows.forEach(({ id, sealed }, at) => {
    bytes.set(unseal(id, sealed), at * LENGTH);
  });
  parentPort?.postMessage({ ids, bytes }, [ids.buffer, bytes.buffer]);
});
