/** Language models that read images: features stand in for placeholders among the tokens, and a head gives the next one. */
import { block } from '../../model/build';
import type { Block, Embedding, Linear, Module, ModelInput } from '../../model/module';
import { modulesOf } from '../../model/walk';
import { linear } from '../blocks/layers';
import type { Blueprint, Reading } from '../family';

/** A width by any of the names that config classes have for it. */
export function widthOf({ values }: Pick<Reading, 'values'>): number {
  const found = ['hidden_size', 'd_model', 'n_embd'].map((name) => values[name]);
  return found.find((each) => typeof each === 'number') ?? 1;
}

/** Whether a language model's own config ties its output head. */
export function tiesItself({ values }: Pick<Reading, 'values'>): boolean {
  return values['tie_word_embeddings'] === true;
}

/** The layers whose features are taken, one number or several. */
export function featureLayers(given: unknown, fallback: readonly number[]): readonly number[] {
  if (typeof given === 'number') return [given];
  return Array.isArray(given) ? given.filter((each) => typeof each === 'number') : fallback;
}

/** The table of tokens of a language model. */
function tokenTable(root: Module): Embedding | undefined {
  let found: Embedding | undefined;
  modulesOf(root, (module) => {
    if (module.kind === 'embedding' && module.of === 'tokens') found ??= module;
  });
  return found;
}

/** Ids and pixels → logits. */
function withHead(model: Block, text: Reading, tied: boolean, language: string): Block {
  const table = tokenTable(model.children[language]!);
  const rows = typeof text.values['vocab_size'] === 'number' ? text.values['vocab_size'] : 1;
  const weight = tied && table !== undefined ? { weight: table.weight } : {};
  const head: Linear = linear(widthOf(text), rows, { bias: false, ...weight });
  return block('model', { model, lm_head: head }, (trace, ids, pixels) =>
    trace.chain(trace.run(model, ids, pixels), head),
  );
}

/** Ids, and pixels of which there may be none. */
export function languageInputs(text: Reading, pixels: ModelInput): ModelInput[] {
  const ids = text.build().inputs.find((each) => each.type === 'tokens')!;
  return [ids, pixels.type === 'pixels' ? { ...pixels, optional: true } : pixels];
}

/** The pixels that a tower reads. */
export function pixelsOf(vision: Reading): ModelInput {
  return vision.build().inputs.find((each) => each.type === 'pixels')!;
}

interface Classes<C> {
  /** Ids and pixels → hidden states. */
  readonly body: (config: C) => Block;
  readonly pixels: (config: C) => ModelInput;
  readonly tied: (config: C) => boolean;
  /** What the body calls its language model; `language_model` where left out. */
  readonly language?: string;
}

/** The model alone, and with the head over the vocabulary. */
export function languageClasses<C extends { readonly text: Reading }>(
  prefix: string,
  own: Classes<C>,
): Record<string, (config: C) => Blueprint> {
  const inputs = (c: C) => languageInputs(c.text, own.pixels(c));
  return {
    [`${prefix}Model`]: (c) => ({ root: own.body(c), inputs: inputs(c) }),
    [`${prefix}ForConditionalGeneration`]: (c) => ({
      root: withHead(own.body(c), c.text, own.tied(c), own.language ?? 'language_model'),
      inputs: inputs(c),
    }),
  };
}

/** What a tower makes of pixels, placed among the ids of a language model. */
export function placed(
  tower: { readonly name: string; readonly root: Block },
  projector: { readonly name: string; readonly root: Block } | undefined,
  language: Block,
  languageName = 'language_model',
): Block {
  const children = {
    [tower.name]: tower.root,
    ...(projector === undefined ? {} : { [projector.name]: projector.root }),
    [languageName]: language,
  };
  const chain = projector === undefined ? [tower.root] : [tower.root, projector.root];
  return block('model', children, (trace, ids, pixels) =>
    trace.run(language, trace.run({ op: 'placeFeatures' }, ids, trace.chain(pixels, ...chain))),
  );
}
