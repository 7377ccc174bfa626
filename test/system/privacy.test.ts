/** Nothing of a person on any disk in the clear, whatever happens to a visit: whole visits, searched for canaries. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Incident, WatchedKiosk } from '../fixtures/watched-kiosk.ts';

const REGISTERED = 11;
const STRANGER = 23;
/** A visit on a machine that has much else to do, in milliseconds. */
const DEADLINE_MS = 600_000;

let kiosk: WatchedKiosk;

beforeAll(async () => {
  kiosk = await WatchedKiosk.start();
  await kiosk.person(REGISTERED, true);
  await kiosk.person(STRANGER, false);
});
afterAll(() => kiosk?.[Symbol.asyncDispose]());
beforeEach(() => kiosk.up(), DEADLINE_MS);

const atStep = (step: string, happen: Incident['happen']): Incident => ({
  at: view => view.step === step,
  happen,
});
const afterFingers = (fingers: number, happen: Incident['happen']): Incident => {
  const seen = new Set<string>();
  return {
    at: ({ step, position }) => {
      if (step === 'fingers' && position) seen.add(position);
      return seen.size > fingers;
    },
    happen,
  };
};

describe('nothing in the clear is left by a visit', { timeout: DEADLINE_MS }, () => {
  it('that matches; and its packet holds what was looked for', async () => {
    let stray: readonly string[] | null = null;
    const look = atStep('review', async ({ strayFiles }) => {
      stray = await strayFiles.call(kiosk);
    });
    const trace = await kiosk.visit(REGISTERED, null, look);
    expect(trace).toMatchObject({ endReason: 'finished', delivery: 'accepted' });
    expect(stray).toEqual([]);
    await kiosk.addPacket(trace?.packetId ?? '');
    expect(kiosk.canaries.size).toBeGreaterThan(150);
    expect(kiosk.search()).toEqual([]);
  });

  it('that does not match', async () => {
    const owner = await kiosk.person(REGISTERED, true);
    const trace = await kiosk.visit(STRANGER, owner);
    expect(trace).toMatchObject({ endReason: 'finished', delivery: 'accepted' });
    await kiosk.addPacket(trace?.packetId ?? '');
    expect(kiosk.search()).toEqual([]);
  });

  it.each([
    ['at the contact', atStep('contact', one => one.cancel())],
    ['after three fingers', afterFingers(3, one => one.cancel())],
    ['before the camera', atStep('face', one => one.cancel())],
    ['at the review', atStep('review', one => one.cancel())],
  ])('that is abandoned %s', async (_where, incident) => {
    const trace = await kiosk.visit(REGISTERED, null, incident);
    expect(trace?.endReason ?? 'cancelled').toBe('cancelled');
    expect(kiosk.search()).toEqual([]);
  });

  it.each([
    ['is killed in the middle of it', afterFingers(4, one => one.agent.kill('SIGKILL'))],
    ['is killed while it seals', atStep('submitting', one => one.agent.kill('SIGKILL'))],
    ['fails where nobody thought of it', afterFingers(2, one => process.kill(one.agent.pid, 'SIGUSR2'))],
  ])('whose agent %s', async (_how, incident) => {
    expect(await kiosk.visit(REGISTERED, null, incident)).toBeNull();
    await kiosk.agent.exited;
    expect(kiosk.search()).toEqual([]);
    await kiosk.up();
    expect(kiosk.search()).toEqual([]);
  });

  it('whose model process fails', async () => {
    const crash = afterFingers(2, async one => process.kill(await one.modelPid(), 'SIGUSR2'));
    // Whether the finger of that moment is asked for again, or the visit has to begin anew, is not the question here.
    expect(await kiosk.visit(REGISTERED, null, crash)).not.toBeNull();
    expect(kiosk.search()).toEqual([]);
  });
});
