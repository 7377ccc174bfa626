/** A whole kiosk with an officer's console, as processes: the officer's word from the desk to the backend. */
import { expect, it } from 'vitest';
import type { OfficerAction, OfficerView } from '../../agent/contract/officer.ts';
import { run } from '../fixtures/command.ts';
import { OFFICER, OfficerKiosk, SWAPPED } from '../fixtures/officer-kiosk.ts';

const DEADLINE_MS = 300_000;

it(
  'an officer recaptures, then confirms; packet, receipt and audit chain say so',
  async () => {
    await using kiosk = await OfficerKiosk.start();
    const origin = new URL(kiosk.desk).origin;
    const headers: Record<string, string> = { 'content-type': 'application/json', origin };
    const post = (path: string, body: object) =>
      fetch(`${origin}/officer/api/${path}`, { method: 'POST', headers, body: JSON.stringify(body) });

    const { officer, pin } = OFFICER;
    const answer = await post('sign-in', { kind: 'pin', officer, pin });
    headers.cookie = answer.headers.getSetCookie()[0]?.split(';')[0] ?? '';
    headers['x-vantay-token'] = ((await answer.json()) as { token: string }).token;
    const act = async (action: OfficerAction) => (await (await post('act', action)).json()) as OfficerView;

    /** The first view in which something is so. */
    const seen = async (is: (view: OfficerView) => boolean): Promise<OfficerView> => {
      const events = await fetch(`${origin}/officer/api/events`, { headers });
      let text = '';
      for await (const chunk of events.body!.pipeThrough(new TextDecoderStream())) {
        text += chunk;
        const parts = text.split('\n\n');
        text = parts.pop() ?? '';
        for (const part of parts) {
          const data = /^data: (.*)$/m.exec(part)?.[1];
          const view = data && (JSON.parse(data) as OfficerView);
          if (view && is(view)) return view;
        }
      }
      throw new Error('the desk is closed');
    };

    const left = kiosk.comes(SWAPPED);
    const first = await seen(({ openCase }) => openCase !== null);
    const visitId = first.screen.visitId ?? '';
    expect(first.openCase).toMatchObject({
      decision: { outcome: 'inconclusive', reason: 'fingers_rearranged' },
      faces: { taken: true, record: true },
    });
    await act({ type: 'recapture', visitId, position: null });
    await seen(({ screen }) => screen.view.step === 'face');
    await seen(({ openCase }) => openCase !== null);
    const confirmed = await act({
      ...{ type: 'confirm_identity', visitId, reason: 'identity_confirmed_in_person', second: null },
    });
    expect(confirmed).toMatchObject({ openCase: null, needs: [] });

    const trace = await left;
    expect(trace).toMatchObject({ delivery: 'accepted', endReason: 'finished' });
    const [packet] = await kiosk.world.backend.packets();
    expect(packet?.manifest).toMatchObject({
      packetId: trace.packetId,
      overrides: [{ step: 'decision', reason: 'identity_confirmed_in_person', officer, secondOfficer: null }],
    });
    const audit = await run(['audit', 'verify', '--config', kiosk.world.configFile, '--json']);
    expect(JSON.parse(audit.stdout)).toMatchObject({ intact: true });
    const found = await fetch(`${origin}/officer/api/audit?text=${visitId}`, { headers });
    const { entries } = (await found.json()) as { entries: { event: Record<string, unknown> }[] };
    const words = entries.map(({ event }) => event.action ?? event.event).reverse();
    expect(words).toEqual([
      'visit_began',
      'visit_compared',
      'recapture',
      'visit_compared',
      'confirm_identity',
      'visit_ended',
    ]);
  },
  DEADLINE_MS,
);
