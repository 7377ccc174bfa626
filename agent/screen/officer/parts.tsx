import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Refused } from './api.ts';
import { sentence, useWords } from './words.ts';

export function Button(props: {
  onPress: () => void;
  kind?: 'main' | 'quiet' | 'danger';
  disabled?: boolean;
  children: ComponentChildren;
}) {
  return (
    <button type="button" class={props.kind ?? 'main'} disabled={props.disabled} onClick={props.onPress}>
      {props.children}
    </button>
  );
}

/** A question before everything else; the answer that changes nothing comes first and is what Escape means. */
export function Dialog(props: { title: string; onClose: () => void; children: ComponentChildren }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} aria-labelledby="question" onClose={props.onClose}>
      <h2 id="question">{props.title}</h2>
      {props.children}
    </dialog>
  );
}

/** Asks before something that cannot be undone. */
export function Confirm(props: { title: string; text: string; onYes: () => void; onClose: () => void }) {
  const { tell } = useWords();
  return (
    <Dialog title={props.title} onClose={props.onClose}>
      <p>{props.text}</p>
      <div class="answers">
        <Button kind="quiet" onPress={props.onClose}>
          {tell('dialog.no')}
        </Button>
        <Button
          kind="danger"
          onPress={() => {
            props.onClose();
            props.onYes();
          }}
        >
          {tell('dialog.yes')}
        </Button>
      </div>
    </Dialog>
  );
}

/** One of several, chosen before the answer. */
export function Choice<Value extends string>(props: {
  name: string;
  /** The name stands above already. */
  unnamed?: boolean;
  options: readonly (readonly [Value, string])[];
  chosen: Value | null;
  onChoose: (value: Value) => void;
}) {
  return (
    <fieldset>
      <legend class={props.unnamed ? 'unseen' : ''}>{props.name}</legend>
      {props.options.map(([value, words]) => (
        <label key={value} class="choice">
          <input
            type="radio"
            name={props.name}
            checked={props.chosen === value}
            onChange={() => props.onChoose(value)}
          />
          {words}
        </label>
      ))}
    </fieldset>
  );
}

export function Field(props: {
  label: string;
  value: string;
  secret?: boolean;
  onInput: (value: string) => void;
}) {
  return (
    <label class="field">
      {props.label}
      <input
        {...(props.secret ? { type: 'password' } : { type: 'text' })}
        value={props.value}
        autocomplete="off"
        spellcheck={false}
        onInput={event => props.onInput(event.currentTarget.value)}
      />
    </label>
  );
}

/** Does one thing at a time, and says in words why it was not done. */
export function useWork(): {
  busy: boolean;
  complaint: string | null;
  work: (thing: () => Promise<unknown>) => Promise<boolean>;
} {
  const words = useWords();
  const [busy, setBusy] = useState(false);
  const [code, setCode] = useState<string | null>(null);
  const work = async (thing: () => Promise<unknown>) => {
    setBusy(true);
    setCode(null);
    try {
      await thing();
      return true;
    } catch (error) {
      setCode(error instanceof Refused ? error.code : 'other');
      return false;
    } finally {
      setBusy(false);
    }
  };
  const told = code && sentence(words, 'error', code);
  return { busy, complaint: told === code && code ? words.tell('error.other') : told, work };
}

export function Complaint({ text }: { text: string | null }) {
  return (
    <p class="complaint" role="alert">
      {text}
    </p>
  );
}
