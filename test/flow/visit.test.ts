/** Whole visits as processes: the kiosk, its world and the scripted hand, story by story. */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { hasStackTrace, run } from '../fixtures/command.ts';

const VISIT_DEADLINE_MS = 170_000;

const Modality = z.strictObject({
  outcome: z.enum(['match', 'no_match', 'inconclusive', 'not_compared']),
  score: z.number().nullable(),
  threshold: z.number().nullable(),
  fmr: z.number().nullable(),
});

/** What `simulate visit --json` promises. */
const VisitJson = z.object({
  scenario: z.string(),
  outcome: z.string(),
  stages: z
    .array(z.strictObject({ name: z.string(), ms: z.number().min(0), advice: z.array(z.string()) }))
    .min(2),
  decision: z
    .object({ outcome: z.string(), reason: z.string(), face: Modality, finger: Modality })
    .nullable(),
  packetId: z.uuidv7().nullable(),
  packetBytes: z.int().positive().nullable(),
  receipt: z.strictObject({ state: z.string() }).nullable(),
  expected: z.boolean(),
  complaint: z.string().nullable(),
});

async function visit(scenario: string) {
  const ended = await run(['simulate', 'visit', '--scenario', scenario, '--json']);
  expect(hasStackTrace(ended)).toBe(false);
  expect(ended.stdout.trim().split('\n'), ended.stderr).toHaveLength(1);
  return { ...ended, result: VisitJson.parse(JSON.parse(ended.stdout)) };
}

/** Steps of a visit that is served to its end. */
const SERVED = ['documents', 'consent', 'contact', 'fingers', 'face', 'review', 'receipt', 'ended'];

describe('a visit that is served', () => {
  it.each([
    ['happy', 'match'],
    ['slap-scanner', 'match'],
    ['no-record', 'no_record'],
    ['known-otherwise', 'inconclusive'],
    ['known-at-office', 'inconclusive'],
    ['other-person', 'no_match'],
    ['minutiae-record', 'match'],
    ['wet-finger', 'match'],
    ['missing-finger', 'match'],
    ['same-finger', 'match'],
    ['swapped-fingers', 'inconclusive'],
    ['scanner-unplugged', 'match'],
    ['broker-down', 'match'],
    ['spoof-photo', 'inconclusive'],
    ['spoof-loop', 'inconclusive'],
    ['child-with-parent', 'match'],
  ])(
    '%s ends in %s, its packet accepted',
    async (scenario, outcome) => {
      const { code, result } = await visit(scenario);
      expect(result).toMatchObject({ scenario, outcome, expected: true, complaint: null });
      expect(code).toBe(0);
      expect(result.stages.map(({ name }) => name)).toEqual(expect.arrayContaining(SERVED));
      expect(result.receipt).toEqual({ state: 'accepted' });
      expect(result.packetId).not.toBeNull();
      expect(result.packetBytes).toBeGreaterThan(100_000);
      expect(result.decision?.outcome).toBe(outcome);
      const compared = !['no-record', 'known-otherwise', 'known-at-office'].includes(scenario);
      for (const modality of [result.decision?.face, result.decision?.finger]) {
        // An unknown score is null, never 0.
        if (compared)
          expect(modality).toMatchObject({ score: expect.any(Number), threshold: expect.any(Number) });
        else expect(modality).toEqual({ outcome: 'not_compared', score: null, threshold: null, fmr: null });
      }
    },
    VISIT_DEADLINE_MS,
  );
});

describe('a request about an account', () => {
  it.each(['lock', 'unlock'])(
    '%s is passed on for its holder',
    async scenario => {
      const { code, result } = await visit(scenario);
      expect(result).toMatchObject({ scenario, outcome: 'match', expected: true, complaint: null });
      expect(result.receipt).toEqual({ state: 'accepted' });
      expect(code).toBe(0);
    },
    VISIT_DEADLINE_MS,
  );
});

describe('a visit that is refused', () => {
  it.each([
    ['bad-passport', 'document_invalid'],
    ['child-under-6', 'under_6_level_1_only'],
  ])(
    '%s ends with the reason %s and without a packet',
    async (scenario, reason) => {
      const { code, result, stdout } = await visit(scenario);
      expect(result).toMatchObject({
        scenario,
        outcome: 'refused',
        expected: true,
        decision: null,
        packetId: null,
        packetBytes: null,
        receipt: null,
      });
      expect(stdout).toContain(reason);
      expect(code).toBe(0);
    },
    VISIT_DEADLINE_MS,
  );
});
