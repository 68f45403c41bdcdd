/** What a speech model is given: a test sound, and names for its frames. */
import type { ModelInput } from '../core/model/module';
import type { Token } from '../protocol/run';
import { zeros, type Tensor } from './tensor';

type Sound = Extract<ModelInput, { type: 'sound' }>;

/** Samples and frames of features a second, as the feature extractors of speech models have them. */
const RATE = { samples: 16_000, frames: 100 } as const;

/** Of a sound whose length the model leaves open. */
const SECONDS = 2;

/** Seconds that an input has. */
export function secondsOf({ features, length }: Sound): number {
  return length === undefined ? SECONDS : length / RATE[features === undefined ? 'samples' : 'frames'];
}

/**
 * A tone that rises from 200 to 3,400 Hz in half a second, again and again, each time followed by half a second of
 * silence. Samples [length] of mean 0 and variance 1; or its spectrum, frames of `features` numbers from −1 to 1, the tone
 * being 1: [features, length] where they come first, [length, features] otherwise.
 */
export function testSound(input: Sound): Tensor {
  const { features, featuresFirst, length } = input;
  if (features === undefined) return samples(length ?? SECONDS * RATE.samples);
  const frames = length ?? SECONDS * RATE.frames;
  const sound = featuresFirst ? zeros(features, frames) : zeros(frames, features);
  for (let frame = 0; frame < frames; frame++) {
    const progress = progressAt(frame / RATE.frames);
    for (let feature = 0; feature < features; feature++) {
      const distance = feature / features - progress;
      const level = progress < 1 ? 2 * Math.exp(-((12 * distance) ** 2)) - 1 : -1;
      sound.data[featuresFirst ? feature * frames + frame : frame * features + feature] = level;
    }
  }
  return sound;
}

function samples(length: number): Tensor {
  const sound = zeros(length);
  let phase = 0;
  let squares = 0;
  for (let i = 0; i < length; i++) {
    const progress = progressAt(i / RATE.samples);
    phase += (2 * Math.PI * (200 + 3200 * progress)) / RATE.samples;
    const sample = progress < 1 ? Math.sin(phase) : 0;
    sound.data[i] = sample;
    squares += sample * sample;
  }
  const scale = 1 / Math.sqrt(squares / length + 1e-7);
  for (let i = 0; i < length; i++) sound.data[i] = sound.data[i]! * scale;
  return sound;
}

/** How far the tone has risen, from 0 to 1; 1 in the silence. */
function progressAt(seconds: number): number {
  return Math.min(1, 2 * (seconds % 1));
}

/** Positions of a speech model's sequence: when each begins. */
export function frameTokens(length: number, seconds: number): Token[] {
  return Array.from({ length }, (_, id) => ({ id, text: `${((id * seconds) / length).toFixed(2)} s` }));
}
