/** Who stands there, as their documents say. */
import { Fragment } from 'preact';
import type { ScreenView } from '../../contract/screen.ts';
import { dateText } from '../text.ts';
import { useWords } from './words.ts';

export function Person({ view }: { view: ScreenView['view'] }) {
  const { say, language } = useWords();
  if (view.step !== 'contact' && view.step !== 'review') return null;
  const { person, documents } = view;
  return (
    <dl class="sheet">
      <dt>{say('field.surname')}</dt>
      <dd>{person.surname}</dd>
      <dt>{say('field.givenNames')}</dt>
      <dd>{person.givenNames}</dd>
      <dt>{say('field.birthDate')}</dt>
      <dd>{dateText(language, person.birthDate, 'long')}</dd>
      {documents.map(({ kind, number }) => (
        <Fragment key={kind}>
          <dt>{say(`field.${kind}`)}</dt>
          <dd>{number}</dd>
        </Fragment>
      ))}
    </dl>
  );
}
