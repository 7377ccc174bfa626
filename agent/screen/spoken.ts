/** What is read aloud of a step: its title, and the advice of the moment. No name, number or date of the visitor. */
import type { ScreenView } from '../contract/screen.ts';
import { receiptTitle } from './receipt.ts';
import type { Say } from './text.ts';

/** Empty where there is nothing to say. */
export function spokenText({ view, purpose, officerCalled }: ScreenView, say: Say): string {
  const parts = partsOf(view, purpose, say);
  if (officerCalled) parts.push(say('officer.called'));
  return parts.join(' ');
}

function partsOf(view: ScreenView['view'], purpose: ScreenView['purpose'], say: Say): string[] {
  switch (view.step) {
    case 'idle':
    case 'language':
      return [say('language.title')];
    case 'bring':
      return [say('bring.title'), say('bring.travel_document'), say('bring.residence_card')];
    case 'documents': {
      const { wanted, problem, appointmentRead } = view;
      const asked = [say(`documents.title.${wanted}`), say(`documents.text.${wanted}`)];
      if (appointmentRead) asked.unshift(say('documents.appointment'));
      // Which digits were wrong is for the eye.
      return problem ? [say(`document.${problem.reason}`, { fields: '' }), ...asked] : asked;
    }
    case 'consent':
      return [say('consent.title'), view.text];
    case 'contact':
      return [say('contact.title'), say('contact.mobile')];
    case 'fingers':
      return view.advice
        ? [say(`advice.${view.advice}`)]
        : [say('fingers.title', { finger: say(`finger.${view.position}`) })];
    case 'face':
      if (view.challenge) return [say(`challenge.${view.challenge}`)];
      return view.advice ? [say(`advice.${view.advice}`)] : [say('face.title'), say('face.text')];
    case 'comparing':
      return [say('comparing.title'), say('comparing.text')];
    case 'sim':
      return [say('sim.title'), say('sim.text', { number: view.number })];
    case 'review':
      return [say('review.title'), ...(view.awaitsOfficer ? [say('review.awaits_officer')] : [])];
    case 'receipt':
      return [
        receiptTitle(purpose, say),
        say(`receipt.${view.delivery}`),
        ...(view.officerNeeded ? [say('receipt.officer')] : []),
      ];
    case 'refused':
      return [say('refused.title'), say(`refused.${view.reason}`)];
    case 'ended':
      return [say(`ended.${view.reason}`)];
    default:
      return [say(`${view.step}.title`)];
  }
}
