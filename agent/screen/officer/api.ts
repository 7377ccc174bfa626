/** The page's ways to the agent: who is signed in, the stream of views in, one action at a time out. */
import { useEffect, useState } from 'preact/hooks';
import type { OfficerAction, OfficerView, Proof, SignedIn } from '../../contract/officer.ts';

const API = '/officer/api';
/** Between two tries to reach an agent that is away, in milliseconds. */
const RETRY_MS = 1_000;

/** What the agent answered where it did not do what was asked: a code of the catalogue. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly code: string;
  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

/** @throws Refused */
export async function get<T>(path: string): Promise<T> {
  return answerOf<T>(await fetch(`${API}/${path}`));
}

/** @throws Refused */
async function post<T>(path: string, body: object, token = ''): Promise<T> {
  const headers = { 'content-type': 'application/json', 'x-vantay-token': token };
  return answerOf<T>(await fetch(`${API}/${path}`, { method: 'POST', headers, body: JSON.stringify(body) }));
}

async function answerOf<T>(answer: Response): Promise<T> {
  const body: unknown = await answer.json();
  if (answer.ok) return body as T;
  throw new Refused((body as { code: string }).code);
}

/** Asks this browser, or a key at it, for a passkey of the console. @throws Refused when the hand did not give one */
export async function passkeyProof(): Promise<Proof> {
  const options = await post<PublicKeyCredentialRequestOptionsJSON>('sign-in/passkey-options', {});
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  const given = navigator.credentials.get({ publicKey }).catch(() => null);
  return { kind: 'passkey', credential: inWords(await given) };
}

/** Makes a passkey for who was invited. @throws Refused */
export async function invitationProof(officer: string, code: string): Promise<Proof> {
  const invited = { officer, code };
  const options = await post<PublicKeyCredentialCreationOptionsJSON>('sign-in/invitation-options', invited);
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  const made = navigator.credentials.create({ publicKey }).catch(() => null);
  return { kind: 'invitation', ...invited, credential: inWords(await made) };
}

function inWords(credential: Credential | null): Extract<Proof, { kind: 'passkey' }>['credential'] {
  if (!(credential instanceof PublicKeyCredential)) throw new Refused('SIGN_IN_REFUSED');
  const { id, response } = credential.toJSON();
  // The rest is the same for every passkey; the agent's library asks for it all the same.
  return { id, rawId: id, type: 'public-key', clientExtensionResults: {}, response: { ...response } };
}

export const signIn = (proof: Proof): Promise<SignedIn> => post('sign-in', proof);

export const whoIsSignedIn = (): Promise<{ signedIn: SignedIn | null; pins: boolean }> => get('sign-in');

export const signOut = ({ token }: SignedIn): Promise<unknown> => post('sign-out', {}, token);

/** @throws Refused */
export const act = (action: OfficerAction, { token }: SignedIn): Promise<OfficerView> =>
  post('act', action, token);

/** The view of the moment; null while the agent is away. `onLost` is called once when the sign-in has ended. */
export function useView(onLost: () => void): OfficerView | null {
  const [view, setView] = useState<OfficerView | null>(null);
  useEffect(() => follow(setView, onLost), []);
  return view;
}

function follow(show: (view: OfficerView | null) => void, onLost: () => void): () => void {
  let events: EventSource | null = null;
  let timer = 0;
  const open = () => {
    events = new EventSource(`${API}/events`);
    events.addEventListener('view', event => show(JSON.parse(event.data) as OfficerView));
    events.addEventListener('error', () => {
      events?.close();
      show(null);
      timer = window.setTimeout(retry, 0);
    });
  };
  const retry = async () => {
    const who = await whoIsSignedIn().catch(() => undefined);
    if (who === undefined) timer = window.setTimeout(retry, RETRY_MS);
    else if (who.signedIn) open();
    else onLost();
  };
  open();
  return () => {
    events?.close();
    window.clearTimeout(timer);
  };
}

/** What a page of the console shows, asked for anew at each opening and every so often; null at first. */
export function useAnswer<T>(path: string, everyMs: number): T | null {
  const [answer, setAnswer] = useState<T | null>(null);
  useEffect(() => {
    let left = false;
    const ask = () => {
      get<T>(path).then(
        found => !left && setAnswer(found),
        // An agent that is away is told of by the stream of views.
        () => undefined,
      );
    };
    ask();
    const timer = window.setInterval(ask, everyMs);
    return () => {
      left = true;
      window.clearInterval(timer);
    };
  }, [path, everyMs]);
  return answer;
}
