/** Something the simulator cannot do as asked. Code and remedy as in the agent's catalogue, but its own. */
export class SimulatorError extends Error {
  override readonly name = 'SimulatorError';
  readonly code: string;
  readonly remedy: string;
  constructor(code: string, message: string, remedy: string) {
    super(message);
    this.code = code;
    this.remedy = remedy;
  }
}
