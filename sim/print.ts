/** What the simulator says: for people, or as one JSON object. */

import { SimulatorError } from './errors.ts';
import { PeopleError } from './people/index.ts';
import type { Played } from './play.ts';
import type { TracedStage } from './visitor/trace.ts';
import { AgentStartError } from './world/agent-process.ts';

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`.padStart(7);

export const stageLine = ({ name, ms, advice }: TracedStage): string =>
  `  ${name.padEnd(11)} ${seconds(ms)}${advice.length > 0 ? `   advice: ${advice.join(', ')}` : ''}`;

export function playedText({ result, complaint }: Played): string {
  const { decision, receipt, packetId, packetBytes, refusal } = result;
  const score = (value: number | null) => (value === null ? '-' : value.toFixed(2));
  return [
    `outcome     ${result.outcome}${refusal ? ` (${refusal.reason})` : ''}`,
    ...(decision
      ? [
          `face        ${decision.face.outcome}: ${score(decision.face.score)} (match from ${score(decision.face.threshold)})`,
          `fingers     ${decision.finger.outcome}: ${score(decision.finger.score)} (match from ${score(decision.finger.threshold)})`,
        ]
      : []),
    ...(packetId ? [`packet      ${packetId}, ${packetBytes ?? 0} bytes, receipt: ${receipt?.state}`] : []),
    complaint ? `NOT AS IT SHOULD BE: ${complaint}` : 'as it should be',
  ].join('\n');
}

/** Says what went wrong in one line and how to mend it in another, never where in the code. Returns the exit code. */
export function complain(error: unknown, json: boolean): number {
  const { code, message, remedy } = described(error);
  if (json) process.stdout.write(`${JSON.stringify({ error: { code, message, remedy } })}\n`);
  else process.stderr.write(`${code}: ${message}\n${remedy}\n`);
  return 2;
}

function described(error: unknown): { code: string; message: string; remedy: string } {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof SimulatorError) return { code: error.code, message, remedy: error.remedy };
  if (error instanceof PeopleError)
    return {
      code: error.code,
      message,
      remedy: 'See sim/people/README.md for the layout of a person’s folder.',
    };
  if (error instanceof AgentStartError) {
    const [first = '', ...rest] = message.split('\n');
    const [, code, text] = /^([A-Z_]+): (.*)$/.exec(first) ?? [null, 'AGENT_NOT_STARTED', first];
    return {
      code: code ?? 'AGENT_NOT_STARTED',
      message: text ?? first,
      remedy: rest.join(' ') || 'See agent.log in the folder of the kiosk.',
    };
  }
  if (error instanceof Error && error.name === 'TimeoutError') {
    return {
      code: 'VISIT_TIMEOUT',
      message: 'the visit did not end in time',
      remedy: 'Look at the last stage; run again with --keep FOLDER and read agent.log.',
    };
  }
  return {
    code: 'SIMULATOR_FAILED',
    message,
    remedy: 'Run again with --keep FOLDER and read agent.log there.',
  };
}
