/** What the visitor comes for: the purpose, what it takes, why an account was locked, and who is along. */
import { send } from './api.ts';
import { Icon } from './icons.tsx';
import { WhatToBring } from './papers.tsx';
import { Button, StepPage, type StepProps } from './parts.tsx';

const PURPOSES = [
  { purpose: 'register_level_2', sign: 'print' },
  { purpose: 'lock', sign: 'lock' },
  { purpose: 'unlock', sign: 'unlock' },
] as const;

export function Purpose({ say }: StepProps<'purpose'>) {
  return (
    <StepPage
      title={say('purpose.title')}
      actions={PURPOSES.map(({ purpose, sign }) => (
        <Button key={purpose} onTouch={() => send({ type: 'purpose', purpose })}>
          <Icon sign={sign} />
          {say(`purpose.${purpose}`)}
        </Button>
      ))}
    />
  );
}

export function Bring({ say, purpose }: StepProps<'bring'>) {
  const registering = purpose === 'register_level_2';
  const ready = (represented: boolean) => send({ type: 'ready', represented });
  return (
    <StepPage
      title={say('bring.title')}
      words={
        <>
          <p>{say(`bring.text.${purpose}`)}</p>
          <ul class="needs">
            <li>{say('bring.travel_document')}</li>
            <li>{say('bring.residence_card')}</li>
            {registering && <li>{say('bring.sim')}</li>}
          </ul>
          {registering && <p class="aside">{say('bring.child')}</p>}
        </>
      }
      picture={<WhatToBring />}
      actions={
        <>
          <Button onTouch={() => ready(false)}>
            <Icon sign="check" />
            {say('bring.ready')}
          </Button>
          {registering && (
            <Button kind="quiet" onTouch={() => ready(true)}>
              <Icon sign="people" />
              {say('bring.represent')}
            </Button>
          )}
        </>
      }
    />
  );
}

export function Ground({ view, say }: StepProps<'ground'>) {
  return (
    <StepPage
      title={say('ground.title')}
      words={<p>{say('ground.text')}</p>}
      actions={view.grounds.map(ground => (
        <Button key={ground} onTouch={() => send({ type: 'ground', ground })}>
          {say(`ground.${ground}`)}
        </Button>
      ))}
    />
  );
}

export function Relation({ say }: StepProps<'relation'>) {
  return (
    <StepPage
      title={say('relation.title')}
      words={<p>{say('relation.text')}</p>}
      actions={
        <>
          {(['parent', 'guardian'] as const).map(relation => (
            <Button key={relation} onTouch={() => send({ type: 'relation', relation })}>
              <Icon sign="people" />
              {say(`relation.${relation}`)}
            </Button>
          ))}
          <Button kind="quiet" onTouch={() => send({ type: 'relation', relation: null })}>
            {say('relation.nobody')}
          </Button>
        </>
      }
    />
  );
}
