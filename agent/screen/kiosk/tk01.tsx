/** Form TK01 beyond the contact: in whose name the SIM is registered, and what is to be added to VNeID. */
import { useState } from 'preact/hooks';
import type { IntegratedData } from '../../contract/common.ts';
import { send } from './api.ts';
import { Icon } from './icons.tsx';
import { Button, StepPage, type StepProps } from './parts.tsx';
import { Qr } from './qr.tsx';

export function SimCheck({ view, say }: StepProps<'sim'>) {
  const { message, number } = view;
  return (
    <StepPage
      title={say('sim.title')}
      words={
        <>
          <p>{say('sim.text', { number })}</p>
          <p class="message">
            <Icon sign="message" />
            <code>{message}</code>
          </p>
          <p>
            <small>{say('sim.note')}</small>
          </p>
        </>
      }
      picture={
        <figure class="reference">
          <Qr text={`SMSTO:${number}:${message}`} label={say('sim.scan')} />
          <figcaption>{say('sim.scan')}</figcaption>
        </figure>
      }
      actions={
        <>
          <Button onTouch={() => send({ type: 'sim', confirmed: true })}>
            <Icon sign="check" />
            {say('sim.confirmed')}
          </Button>
          <Button kind="quiet" onTouch={() => send({ type: 'sim', confirmed: false })}>
            {say('sim.unconfirmed')}
          </Button>
        </>
      }
    />
  );
}

const OFFERED: readonly IntegratedData[] = [
  'driving_licence',
  'vehicle_registration',
  'health_insurance',
  'social_insurance',
  'tax_code',
];

export function Integrate({ view, say }: StepProps<'integrate'>) {
  const [chosen, setChosen] = useState<readonly IntegratedData[]>(view.chosen);
  const toggle = (item: IntegratedData) =>
    setChosen(now => (now.includes(item) ? now.filter(other => other !== item) : [...now, item]));
  return (
    <StepPage
      title={say('integrate.title')}
      words={<p>{say('integrate.text')}</p>}
      picture={
        <div class="options">
          {OFFERED.map(item => (
            <button
              key={item}
              type="button"
              class="option"
              aria-pressed={chosen.includes(item)}
              onClick={() => toggle(item)}
            >
              <span class="box">{chosen.includes(item) && <Icon sign="check" />}</span>
              <span>{say(`integrate.${item}`)}</span>
            </button>
          ))}
        </div>
      }
      actions={
        <Button onTouch={() => send({ type: 'integrate', data: [...chosen] })}>{say('contact.next')}</Button>
      }
    />
  );
}
