/** Other records that the applicant may be the owner of, beside the one that is claimed. */
import type { OfficerView } from '../../contract/officer.ts';
import { PersonSheet } from './person.tsx';
import { numberText, useWords } from './words.ts';

/** Beyond, a number says no more to a reader. */
const MOST_SEARCHES = 1e9;

type Candidates = NonNullable<OfficerView['openCase']>['candidates'];

export function CandidateRecords({ candidates, visitId }: { candidates: Candidates; visitId: string }) {
  const { tell } = useWords();
  if (candidates.length === 0) return null;
  return (
    <section class="candidates" aria-labelledby="candidates">
      <h3 id="candidates">{tell('case.candidates')}</h3>
      {candidates.map((candidate, index) => (
        <Candidate key={candidate.recordId} candidate={candidate} index={index} visitId={visitId} />
      ))}
    </section>
  );
}

function Candidate({
  candidate,
  index,
  visitId,
}: {
  candidate: Candidates[number];
  index: number;
  visitId: string;
}) {
  const { tell, say, language } = useWords();
  const { person, travelDocumentNumber, residenceCardNumber, picture, face, finger, fpir } = candidate;
  return (
    <div class="faces">
      <figure>
        {picture ? (
          <img
            src={`/officer/api/face/candidate.jpg?visit=${visitId}&index=${index}`}
            alt={tell('case.candidate_picture')}
          />
        ) : (
          <p class="no-picture">{tell('case.no_record_picture')}</p>
        )}
        <figcaption>{tell('case.candidate_picture')}</figcaption>
      </figure>
      <PersonSheet person={person}>
        <dt>{say('field.travel_document')}</dt>
        <dd>{travelDocumentNumber}</dd>
        {residenceCardNumber && <dt>{tell('case.residence_card')}</dt>}
        {residenceCardNumber && <dd>{residenceCardNumber}</dd>}
      </PersonSheet>
      <ul class="findings">
        {(['face', 'finger'] as const).map(name => (
          <li key={name} class={(name === 'face' ? face : finger) === 'match' ? 'mend' : 'note'}>
            <strong>{tell(`modality.${name}`)}</strong> {tell(`candidate.${name === 'face' ? face : finger}`)}
          </li>
        ))}
        <li class="note">
          {tell('candidate.fpir', { searches: numberText(language, Math.min(1 / fpir, MOST_SEARCHES), 0) })}
        </li>
      </ul>
    </div>
  );
}
