/** The page's only ways to the agent: the stream of views in, one touch at a time out. */
import { useEffect, useState } from 'preact/hooks';
import type { ScreenInput, ScreenView } from '../../contract/screen.ts';

/** Between two tries to reach an agent that is away, in milliseconds. */
const RETRY_MS = 1_000;
/** What the server answers to a page from an earlier run of the agent. */
const FORBIDDEN = 403;

let inFlight = false;

/**
 * Sends one touch; a second one while the first is under way is the same hand touching twice. An input the step does not
 * expect is no error here: the next view shows what is expected.
 */
export function send(input: ScreenInput): void {
  if (inFlight) return;
  inFlight = true;
  void fetch('/api/input', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(input),
  })
    .catch(() => undefined)
    .finally(() => {
      inFlight = false;
    });
}

/** The view of the moment; null until the agent answers, and again while it does not. */
export function useView(): ScreenView | null {
  const [view, setView] = useState<ScreenView | null>(null);
  useEffect(() => follow(setView), []);
  return view;
}

function follow(show: (view: ScreenView | null) => void): () => void {
  let events: EventSource | null = null;
  let timer = 0;
  const open = () => {
    events = new EventSource('/api/events');
    events.addEventListener('view', event => show(JSON.parse(event.data) as ScreenView));
    events.addEventListener('error', () => {
      // The browser's own retry is given up for good at the first refusal: this one never is.
      events?.close();
      show(null);
      timer = window.setTimeout(retry, RETRY_MS);
    });
  };
  const retry = async () => {
    const status = await fetch('/api/view').then(
      answer => answer.status,
      () => null,
    );
    // An agent that was started anew is there: only now, so that no browser error page takes the kiosk's place.
    if (status === FORBIDDEN) location.reload();
    else if (status === null) timer = window.setTimeout(retry, RETRY_MS);
    else open();
  };
  open();
  return () => {
    events?.close();
    window.clearTimeout(timer);
  };
}
