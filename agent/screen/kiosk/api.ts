import { useEffect, useState } from 'preact/hooks';
import type { ScreenInput, ScreenView } from '../../contract/screen.ts';

/** Sends one touch. An input the step does not expect is no error here: the next view shows what is expected. */
export function send(input: ScreenInput): void {
  void fetch('/api/input', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(input),
  }).catch(() => undefined);
}

/** The view of the moment; null until the agent answers, and again while it does not. */
export function useView(): ScreenView | null {
  const [view, setView] = useState<ScreenView | null>(null);
  useEffect(() => {
    const events = new EventSource('/api/events');
    events.addEventListener('view', event => setView(JSON.parse(event.data) as ScreenView));
    events.addEventListener('error', () => setView(null));
    return () => events.close();
  }, []);
  return view;
}
