/** Who are you: a passkey; an invitation the first time; a PIN where development allows it. */
import { useState } from 'preact/hooks';
import type { Proof, SignedIn } from '../../contract/officer.ts';
import { invitationProof, passkeyProof, signIn } from './api.ts';
import { Button, Complaint, Field, useWork } from './parts.tsx';
import { useWords } from './words.ts';

export function SignIn(props: { pins: boolean; wasSignedOut: boolean; onSignedIn: (who: SignedIn) => void }) {
  const { tell } = useWords();
  const { busy, complaint, work } = useWork();
  const [invited, setInvited] = useState(false);
  const [officer, setOfficer] = useState('');
  const [secret, setSecret] = useState('');
  const enter = (proof: () => Promise<Proof> | Proof) =>
    work(async () => props.onSignedIn(await signIn(await proof())));
  return (
    <main class="sign-in">
      <h1>{tell('sign_in.title')}</h1>
      {props.wasSignedOut && <p>{tell('sign_in.again')}</p>}
      <Button disabled={busy} onPress={() => enter(passkeyProof)}>
        {tell('sign_in.passkey')}
      </Button>
      {!invited && (
        <Button kind="quiet" onPress={() => setInvited(true)}>
          {tell('sign_in.invited')}
        </Button>
      )}
      {(invited || props.pins) && (
        <Field label={tell('sign_in.officer')} value={officer} onInput={setOfficer} />
      )}
      {invited && (
        <>
          <Field label={tell('sign_in.code')} value={secret} onInput={setSecret} />
          <Button disabled={busy} onPress={() => enter(() => invitationProof(officer, secret))}>
            {tell('sign_in.register')}
          </Button>
        </>
      )}
      {props.pins && !invited && (
        <>
          <Field label={tell('sign_in.pin')} value={secret} secret onInput={setSecret} />
          <Button
            kind="quiet"
            disabled={busy}
            onPress={() => enter(() => ({ kind: 'pin', officer, pin: secret }))}
          >
            {tell('sign_in.by_pin')}
          </Button>
        </>
      )}
      <Complaint text={complaint} />
    </main>
  );
}
