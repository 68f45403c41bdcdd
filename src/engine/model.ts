/** The model that a config's text describes. */
import type { Model } from '../core/model/module';
import { build } from '../core/service';
import { RunFailure } from './failure';

/** Rejects as `config` a text that describes none, with the codes of its problems. */
export function modelOf(text: string): Model {
  const { model, problems } = build(text);
  if (model !== undefined) return model;
  const reasons = problems.map((problem) =>
    [problem.code, ...Object.values<unknown>(problem.arguments)].join(' '),
  );
  throw new RunFailure('config', reasons.join(', ') || 'the config describes no model');
}
