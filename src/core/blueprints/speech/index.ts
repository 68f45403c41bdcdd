/** Families that listen: speech, audio, and series of measurements. */
import type { Family } from '../family';
import { audioSpectrogramTransformer } from './spectrogram';
import { speechToText } from './speechToText';
import { wav2vec2Kin } from './wav2vec2Kin';
import { whisper } from './whisper';

export const speech: readonly Family[] = [whisper, speechToText, ...wav2vec2Kin, audioSpectrogramTransformer];
