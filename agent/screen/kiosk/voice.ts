/** Reads the step aloud: the agent's voice where it has one, else the browser's. */
import { useEffect, useRef } from 'preact/hooks';
import type { ScreenView } from '../../contract/screen.ts';

/** What is said anew when it changes: the step, its finger, its document, its advice. */
function subject({ view, language, visitId }: ScreenView): string {
  const parts: unknown[] = [visitId, language, view.step];
  if (view.step === 'documents')
    parts.push(view.wanted, view.problem?.reason, view.attempt, view.appointmentRead);
  if (view.step === 'fingers') parts.push(view.position, view.advice);
  if (view.step === 'face') parts.push(view.advice, view.challenge);
  if (view.step === 'receipt') parts.push(view.delivery, view.slip);
  return parts.join(':');
}

export function useVoice(screen: ScreenView | null): void {
  const player = useRef<HTMLAudioElement | null>(null);
  const topic = screen?.comfort.readAloud ? subject(screen) : null;
  const language = screen?.language ?? 'vi';
  useEffect(() => {
    if (topic === null) return;
    const audio = new Audio('/api/speech.wav');
    player.current = audio;
    let left = false;
    audio.play().catch(() => {
      if (!left) browserVoice(language);
    });
    return () => {
      left = true;
      audio.pause();
      audio.removeAttribute('src');
      audio.load();
      window.speechSynthesis?.cancel();
    };
  }, [topic, language]);
}

/** The heading and the advice of the moment, by a voice of the browser if it has one for the language. */
function browserVoice(language: string): void {
  const words = [...document.querySelectorAll('main h1, main [role="status"]')].map(part => part.textContent);
  const utterance = new SpeechSynthesisUtterance(words.join('. '));
  utterance.lang = language;
  window.speechSynthesis?.speak(utterance);
}
