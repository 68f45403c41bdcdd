/** Families that listen: speech, audio, and series of measurements. */
import type { Family } from '../family';
import { speechToText } from './speechToText';
import { whisper } from './whisper';

export const speech: readonly Family[] = [whisper, speechToText];
