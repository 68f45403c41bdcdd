/** How long a run still takes, in words. */
import type { Words } from '../shared/words';

/** Rounded, as it is a guess; nothing before two layers are done. */
export function timeLeft(milliseconds: number | undefined, words: Words): string {
  if (milliseconds === undefined || milliseconds <= 0) return '';
  const seconds = milliseconds / 1000;
  if (seconds < 57.5) return words('run.secondsLeft', Math.max(5, Math.round(seconds / 5) * 5));
  return words('run.minutesLeft', Math.round(seconds / 60) || 1);
}
