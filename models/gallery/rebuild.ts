import type { Block, Rows } from './block.ts';

/** A row on its way into a new block. */
interface Moved {
  readonly id: number;
  /** Which of the parts it comes from, and where it lies there. */
  readonly part: number;
  readonly row: number;
}

/** Rows of blocks that are to be replaced, then those that are new. */
interface Part extends Rows {
  readonly alive: Uint8Array | undefined;
}

/** New blocks in the place of old ones. */
export interface Rebuilt {
  readonly blocks: readonly Block[];
  /** Records that died in an old block while the new ones were made: they are dead there as well. */
  died(): number[];
}

export interface Builder {
  readonly length: number;
  /** Most rows of a block. */
  readonly segmentRows: number;
  build(rows: Rows): Promise<Block>;
  /** Lets go of what the blocks share, once they are released. */
  close(): Promise<void>;
}

/**
 * Makes blocks of what is alive in `old`, and of `added`, whose rows take the place of older ones of the same record. The
 * old blocks may be searched and lose records meanwhile.
 */
export async function rebuilt(
  old: readonly Block[],
  added: Rows | undefined,
  builder: Builder,
): Promise<Rebuilt> {
  const parts: Part[] = [];
  for (const block of old) parts.push({ ids: block.ids, bytes: await block.read(), alive: block.alive });
  if (added) parts.push({ ...added, alive: undefined });
  const moved = inOrder(parts);
  const blocks: Block[] = [];
  try {
    for (let first = 0; first < moved.length; first += builder.segmentRows) {
      const some = moved.slice(first, first + builder.segmentRows);
      blocks.push(await builder.build(gathered(some, parts, builder.length)));
    }
  } catch (error) {
    for (const block of blocks) await block.release();
    throw error;
  }
  // The bytes are let go of: only where a row lay is needed to see whether it has died.
  const flags = parts.map(({ alive }) => alive);
  const died = () =>
    moved.filter(({ part, row }) => flags[part] && flags[part][row] === 0).map(({ id }) => id);
  return { blocks, died };
}

/** By record, each once: its last row. */
function inOrder(parts: readonly Part[]): Moved[] {
  const all = parts.flatMap(({ ids, alive }, part) => {
    const rows: Moved[] = [];
    for (let row = 0; row < ids.length; row++)
      if (!alive || alive[row] === 1) rows.push({ id: ids[row]!, part, row });
    return rows;
  });
  all.sort((a, b) => a.id - b.id || a.part - b.part || a.row - b.row);
  return all.filter(({ id }, at) => all[at + 1]?.id !== id);
}

function gathered(moved: readonly Moved[], parts: readonly Part[], length: number): Rows {
  const bytes = new Int8Array(moved.length * length);
  moved.forEach(({ part, row }, at) => {
    bytes.set(parts[part]!.bytes.subarray(row * length, (row + 1) * length), at * length);
  });
  return { ids: Uint32Array.from(moved, ({ id }) => id), bytes };
}
