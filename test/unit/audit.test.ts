import { describe, expect, it } from 'vitest';
import { EMPTY_HEAD, hashOf, type KeptEntry, nextEntry } from '../../agent/audit/chain.ts';
import { RefusalJournal } from '../../agent/audit/refusals.ts';
import { verifyChain } from '../../agent/audit/verify.ts';
import { AuditEvent } from '../../agent/contract/audit.ts';

/** A chain of so many entries, refusals of messages all. */
function chainOf(length: number): KeptEntry[] {
  const kept: KeptEntry[] = [];
  for (let count = 1; count <= length; count += 1) {
    const last = kept.at(-1);
    const head = last ? { entries: last.index, sha256: last.sha256 } : EMPTY_HEAD;
    const event = { event: 'message_refused', topic: 'receipt', code: 'PACKET_SIGNATURE', count } as const;
    kept.push(nextEntry(head, new Date(count * 1_000), 1, event));
  }
  return kept;
}
const headOf = ({ index, sha256 }: KeptEntry) => ({ entries: index, sha256 });
const rehashed = (entry: KeptEntry, text: string): KeptEntry => ({ ...entry, text, sha256: hashOf(text) });

describe('the audit chain', () => {
  it('holds from its beginning to its head', () => {
    expect(verifyChain([])).toEqual({ intact: true, head: EMPTY_HEAD });
    const chain = chainOf(5);
    expect(verifyChain(chain, [EMPTY_HEAD, headOf(chain[2]!), headOf(chain[4]!)])).toEqual({
      intact: true,
      head: headOf(chain[4]!),
    });
  });

  it('names the first entry that was altered, with or without a new hash', () => {
    for (const [at, entry] of chainOf(4).entries()) {
      const text = entry.text.replace('PACKET_SIGNATURE', 'PACKET_WRONG_ID');
      const quietly = chainOf(4);
      quietly[at] = { ...entry, text };
      expect(verifyChain(quietly)).toEqual({ intact: false, index: at + 1, reason: 'altered' });
      const loudly = chainOf(4);
      loudly[at] = rehashed(entry, text);
      // The next one no longer follows; of the last one only a published head can tell.
      const found = verifyChain(loudly, [headOf(chainOf(4)[3]!)]);
      expect(found).toEqual({
        intact: false,
        ...(at === 3 ? { index: 4, reason: 'rewritten' } : { index: at + 2, reason: 'unlinked' }),
      });
    }
  });

  it('names the first entry that is missing, doubled or out of order', () => {
    const chain = chainOf(5);
    expect(verifyChain(chain.toSpliced(2, 1))).toEqual({ intact: false, index: 3, reason: 'unlinked' });
    expect(verifyChain(chain.toSpliced(2, 0, chain[1]!))).toEqual({
      intact: false,
      index: 3,
      reason: 'unlinked',
    });
    expect(verifyChain([chain[1]!, chain[0]!])).toEqual({ intact: false, index: 1, reason: 'unlinked' });
    expect(verifyChain(chain.slice(1))).toEqual({ intact: false, index: 1, reason: 'unlinked' });
  });

  it('shows against a published head that its end was cut off, or all of it written anew', () => {
    const chain = chainOf(5);
    const published = [headOf(chain[4]!)];
    expect(verifyChain(chain.slice(0, 3))).toMatchObject({ intact: true });
    expect(verifyChain(chain.slice(0, 3), published)).toEqual({
      intact: false,
      index: 4,
      reason: 'truncated',
    });
    expect(verifyChain([], published)).toEqual({ intact: false, index: 1, reason: 'truncated' });
    const other: KeptEntry[] = [];
    for (let index = 0; index < 5; index += 1) {
      const last = other.at(-1);
      other.push(nextEntry(last ? headOf(last) : EMPTY_HEAD, new Date(0), 1, { event: 'stopped' }));
    }
    expect(verifyChain(other, published)).toEqual({ intact: false, index: 5, reason: 'rewritten' });
  });

  it('has no place for more than ids, hashes, words and numbers', () => {
    const visitId = '019b7a3e-6400-7000-8000-000000000001';
    expect(AuditEvent.safeParse({ event: 'visit_ended', visitId, outcome: 'receipt' }).success).toBe(true);
    for (const event of [
      { event: 'visit_ended', visitId, outcome: 'NGUYEN VAN A' },
      { event: 'visit_ended', visitId, outcome: 'receipt', surname: 'SPECIMEN' },
      { event: 'visit_began', visitId: 'ANNA SPECIMEN' },
      { event: 'photographed' },
    ])
      expect(AuditEvent.safeParse(event).success, JSON.stringify(event)).toBe(false);
  });
});

describe('refused messages', () => {
  it('are one entry a kind at first, and a count of the rest: a flood fills no disk', async () => {
    const written: AuditEvent[] = [];
    const journal = new RefusalJournal({ record: async event => void written.push(event) });
    for (let index = 0; index < 1_000; index += 1) await journal.note('receipt', 'PACKET_SIGNATURE');
    await journal.note('command', 'PACKET_SIGNATURE');
    expect(written.map(event => event.event === 'message_refused' && [event.topic, event.count])).toEqual([
      ['receipt', 1],
      ['command', 1],
    ]);
    await journal[Symbol.asyncDispose]();
    expect(written.slice(2)).toEqual([
      { event: 'message_refused', topic: 'receipt', code: 'PACKET_SIGNATURE', count: 999 },
    ]);
  });

  it('are counted again while nothing can be written', async () => {
    let broken = true;
    const written: AuditEvent[] = [];
    const journal = new RefusalJournal({
      record: async event => {
        if (broken) throw new Error('full');
        written.push(event);
      },
    });
    await journal.note('receipt', 'PACKET_TYPE');
    broken = false;
    await journal[Symbol.asyncDispose]();
    expect(written).toMatchObject([{ code: 'PACKET_TYPE', count: 1 }]);
  });
});
