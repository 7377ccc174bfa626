/** The kiosk page as a visitor's browser uses it: its cookie, its event stream, its inputs. Plain HTTP, nothing of ours. */

/** What of the view the visitor acts on; the whole of it stands in agent/contract/generated/screen-view.schema.json. */
export interface View {
  readonly visitId: string | null;
  readonly deviceProblems: readonly { readonly role: string; readonly code: string }[];
  readonly view: {
    readonly step: string;
    readonly wanted?: string;
    readonly problem?: { readonly reason: string; readonly fields: readonly string[] } | null;
    readonly attempt?: number;
    readonly textSha256?: string;
    readonly position?: string;
    readonly done?: readonly { readonly position: string }[];
    readonly advice?: string | null;
    readonly challenge?: string | null;
    readonly imageVersion?: number;
    readonly qualityScore?: number | null;
    readonly packetId?: string;
    readonly delivery?: string;
    readonly reason?: string;
    readonly officerNeeded?: boolean;
    readonly awaitsOfficer?: boolean;
  };
}

export class ScreenClient {
  readonly #address: string;
  readonly #cookie: string;

  private constructor(address: string, cookie: string) {
    this.#address = address;
    this.#cookie = cookie;
  }

  /** Loads the page, as a browser would, to be let in. */
  static async open(address: string, signal: AbortSignal): Promise<ScreenClient> {
    const page = await fetch(address, { signal });
    const cookie = page.headers.getSetCookie()[0]?.split(';')[0];
    if (!page.ok || !cookie)
      throw new Error(`the screen at ${address} does not answer as a kiosk (${page.status})`);
    await page.arrayBuffer();
    return new ScreenClient(address, cookie);
  }

  /** One touch. The answer's status: 200 taken, 409 not expected at this step. */
  async send(input: object, signal: AbortSignal): Promise<number> {
    const response = await fetch(`${this.#address}/api/input`, {
      method: 'POST',
      headers: { cookie: this.#cookie, 'content-type': 'application/json' },
      body: JSON.stringify(input),
      signal,
    });
    await response.arrayBuffer();
    return response.status;
  }

  /** Every view, the first at once. */
  async *views(signal: AbortSignal): AsyncGenerator<View, void, undefined> {
    const response = await fetch(`${this.#address}/api/events`, {
      headers: { cookie: this.#cookie },
      signal,
    });
    if (!response.body) throw new Error('the screen sent no events');
    let text = '';
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      const events = text.split('\n\n');
      text = events.pop() ?? '';
      for (const event of events) {
        const data = event.split('\n').find(line => line.startsWith('data: '));
        if (data) yield JSON.parse(data.slice('data: '.length)) as View;
      }
    }
  }
}
