/** Words for what the core and the engine say in codes, in the user's language. */
import * as vscode from 'vscode';
import type {
  Figures,
  InputShape,
  Problem,
  ProblemArguments,
  ProblemCode,
  ValueType,
} from '../core/analysis';
import type { RunError } from '../protocol/run';
import { EngineError } from './engineErrors';
import type { NumberFormat } from './format';

const { l10n } = vscode;

type Worder<C extends ProblemCode> = (problem: ProblemArguments[C], format: NumberFormat) => string;

/** One wording a code; the compiler holds the table complete. */
const PROBLEMS: { readonly [C in ProblemCode]: Worder<C> } = {
  'json.syntax': ({ detail }) => l10n.t('The text is not valid JSON: {0}.', SYNTAX[detail]?.() ?? detail),
  'key.type': ({ key, expected, found }) =>
    l10n.t('{0} has to be {1}, but is {2}.', key, TYPES[expected](), found),
  'key.range': ({ key, min, max, found }, format) =>
    l10n.t(
      '{0} has to be between {1} and {2}, but is {3}.',
      key,
      bound(min, format),
      bound(max, format),
      String(found),
    ),
  'key.value': ({ key, allowed, found }) =>
    l10n.t('{0} is “{1}”, which Headlight does not know. It knows {2}.', key, found, allowed.join(', ')),
  'key.multiple': ({ key, found, of, divisor }, format) =>
    l10n.t(
      '{0} has to be a multiple of {1} ({2}), but is {3}.',
      key,
      of,
      format.exact(divisor),
      format.exact(found),
    ),
  'key.product': ({ keys, found, max }, format) =>
    l10n.t(
      'The product of {0} may be at most {1}, but is {2}.',
      keys.join(', '),
      format.exact(max),
      format.exact(found),
    ),
  'key.length': ({ key, found, of, wanted }, format) =>
    l10n.t(
      '{0} has to have as many items as {1} ({2}), but has {3}.',
      key,
      of,
      format.exact(wanted),
      format.exact(found),
    ),
  'key.conflict': ({ key, other }) => l10n.t('The model does not take {0} together with {1}.', key, other),
  'key.null': ({ key }) => l10n.t('{0} is null, but the model needs a value.', key),
  'model.unknownType': ({ modelType }) =>
    l10n.t('Headlight has no blueprint for model type “{0}”, so it shows no figures.', modelType),
  'model.remoteCode': ({ modelType, reference }) =>
    l10n.t(
      'Headlight has no blueprint for “{0}”: the model is defined by code of its own ({1}), which is not run.',
      modelType,
      reference,
    ),
  'model.unknownArchitecture': ({ modelType, architecture, known }) =>
    l10n.t(
      'Headlight has no blueprint for architecture {0} of model type “{1}”. It knows {2}.',
      architecture,
      modelType,
      known.join(', '),
    ),
  'model.refused': ({ className, detail }) => l10n.t('{0} refuses this config: {1}', className, detail),
  'model.unknowable': ({ detail }) =>
    l10n.t('Headlight can’t tell the structure of this model: {0}.', detail),
  'model.tooLarge': ({ key }) => l10n.t('{0} makes the model too large to be counted.', key),
};

export function wordProblem(problem: Problem, format: NumberFormat): string {
  const word = PROBLEMS[problem.code] as Worder<ProblemCode>;
  return word(problem.arguments, format);
}

const TYPES: { readonly [T in ValueType]: () => string } = {
  integer: () => l10n.t('a whole number'),
  pair: () => l10n.t('a whole number or a list of two'),
  list: () => l10n.t('a list of whole numbers'),
  number: () => l10n.t('a number'),
  flag: () => l10n.t('true or false'),
  text: () => l10n.t('a text'),
  array: () => l10n.t('a list'),
  object: () => l10n.t('an object with keys of its own'),
};

/** The parser's names of what is wrong, in words. */
const SYNTAX: Readonly<Record<string, (() => string) | undefined>> = {
  InvalidSymbol: () => l10n.t('an unknown word'),
  InvalidNumberFormat: () => l10n.t('a number that is none'),
  PropertyNameExpected: () => l10n.t('a key in quotes is expected'),
  ValueExpected: () => l10n.t('a value is expected'),
  ColonExpected: () => l10n.t('a colon is expected'),
  CommaExpected: () => l10n.t('a comma is expected'),
  CloseBraceExpected: () => l10n.t('a closing brace is expected'),
  CloseBracketExpected: () => l10n.t('a closing bracket is expected'),
  EndOfFileExpected: () => l10n.t('more text after the end'),
  InvalidCommentToken: () => l10n.t('a comment that is none'),
  UnexpectedEndOfComment: () => l10n.t('a comment without end'),
  UnexpectedEndOfString: () => l10n.t('a text without its closing quote'),
  UnexpectedEndOfNumber: () => l10n.t('a number without end'),
  InvalidUnicode: () => l10n.t('a broken Unicode escape'),
  InvalidEscapeCharacter: () => l10n.t('an unknown escape'),
  InvalidCharacter: () => l10n.t('a character that JSON does not allow'),
  NestedTooDeep: () => l10n.t('brackets are nested too deep'),
};

/** A limit of a key: whole ones with separators, others as they are. */
function bound(value: number, format: NumberFormat): string {
  return Number.isInteger(value) ? format.exact(value) : String(value);
}

/** What the FLOPs were counted for: `1 × 1,024 tokens`, `1 × 3 × 224 × 224 pixels`. */
export function wordInputs(inputs: readonly InputShape[], format: NumberFormat): string {
  return inputs
    .map(({ name, shape }) => {
      const size = format.shape(shape);
      if (/^(?:decoder_)?input_ids$/.test(name)) {
        return name.startsWith('decoder_') ? l10n.t('{0} decoder tokens', size) : l10n.t('{0} tokens', size);
      }
      if (name === 'input_values') return l10n.t('{0} samples', size);
      if (name === 'input_features') return l10n.t('{0} features', size);
      if (name === 'pixel_values') return l10n.t('{0} pixels', size);
      return undefined;
    })
    .filter((words) => words !== undefined)
    .join(' + ');
}

/** Exact parameters and the FLOPs of a forward pass, in one line. */
export function wordSummary(figures: Figures, format: NumberFormat): string {
  if (figures.flops === undefined) {
    return l10n.t('{0}: {1} parameters', figures.architecture, format.exact(figures.parameters.total));
  }
  return l10n.t(
    '{0}: {1} parameters · {2}FLOPs forward ({3})',
    figures.architecture,
    format.exact(figures.parameters.total),
    unitPrefix(format.prefixed(figures.flops.forward)),
    wordInputs(figures.inputs, format),
  );
}

/** `15.6 T` → `15.6 T`, `512` → `512 `, ready for the unit. */
export function unitPrefix(prefixed: string): string {
  return /[^\d]$/.test(prefixed) ? prefixed : `${prefixed} `;
}

/** Marks figures that are older than the text. */
export function staleNote(): string {
  return l10n.t('as of the last valid text');
}

/** Why the engine has no answer, with what helps. */
export function wordEngineError(error: unknown): string {
  if (error instanceof EngineError) {
    switch (error.code) {
      case 'gaveUp':
        return l10n.t(
          'The Headlight engine ended several times within a minute and is not started again before that minute is over. The command “Headlight: Restart Engine” starts it at once; “Headlight: Show Log” shows why it ended.',
        );
      case 'poison':
        return l10n.t(
          'The Headlight engine ended twice at this question, so it was not asked again. “Headlight: Show Log” shows why.',
        );
      case 'restarted':
        return l10n.t('The Headlight engine was restarted.');
      case 'stopped':
        return l10n.t('The Headlight engine is stopped.');
      case 'cancelled':
        return l10n.t('Cancelled.');
    }
  }
  return error instanceof Error ? error.message : String(error);
}

/** Why a run can't go on; `detail` comes from the engine and names file, tensor or operation. */
const RUN_ERRORS: { readonly [C in RunError['code']]: (detail: string) => string } = {
  config: (detail) => l10n.t('The config can’t be run: {0}', detail),
  unsupported: (detail) => l10n.t('The engine can’t compute this model yet: {0}', detail),
  weights: (detail) => l10n.t('The weights beside the config can’t be used: {0}', detail),
  tokenizer: (detail) => l10n.t('The input can’t be turned into tokens: {0}', detail),
  tooLong: (detail) => l10n.t('The input is too long for this model: {0}', detail),
  memory: (detail) => l10n.t('There is not enough memory for this input: {0}', detail),
  pytorch: (detail) => l10n.t('PyTorch can’t run this model: {0}', detail),
  engine: (detail) => l10n.t('The engine failed: {0}. “Headlight: Show Log” shows more.', detail),
};

export function wordRunError(error: RunError): string {
  return RUN_ERRORS[error.code](error.detail);
}

/** The same for an error that a call rejected with: its code, where it has one, is a code of a run. */
export function wordCallError(error: unknown): string {
  const code = (error as { code?: unknown } | undefined)?.code;
  if (
    !(error instanceof EngineError) &&
    error instanceof Error &&
    typeof code === 'string' &&
    code in RUN_ERRORS
  ) {
    return wordRunError({ code: code as RunError['code'], detail: error.message });
  }
  return wordEngineError(error);
}
