/** What a visit looked like from the applicant's side: the steps, how long each took, what was advised. */
import type { View } from './screen-client.ts';

export interface TracedStage {
  readonly name: string;
  /** Milliseconds the step was on the screen. */
  ms: number;
  /** Advice and problems shown, each once, in the order of their first showing. */
  readonly advice: string[];
}

export class Trace {
  readonly stages: TracedStage[] = [];
  readonly deviceProblems: string[] = [];
  #enteredAtMs = performance.now();

  /** Returns the stage that has just ended, if this view began another one. */
  add({ view, deviceProblems }: View): TracedStage | null {
    for (const { role, code } of deviceProblems) {
      const problem = `${role}:${code}`;
      if (!this.deviceProblems.includes(problem)) this.deviceProblems.push(problem);
    }
    const last = this.stages.at(-1);
    let ended: TracedStage | null = null;
    if (last?.name !== view.step) {
      ended = this.end();
      this.stages.push({ name: view.step, ms: 0, advice: [] });
      this.#enteredAtMs = performance.now();
    }
    const current = this.stages.at(-1);
    const advice = view.advice ?? view.problem?.reason;
    if (current && advice && !current.advice.includes(advice)) current.advice.push(advice);
    return ended;
  }

  /** Takes the time of the stage that is on. */
  end(): TracedStage | null {
    const last = this.stages.at(-1);
    if (last) last.ms = Math.round(performance.now() - this.#enteredAtMs);
    return last ?? null;
  }
}
