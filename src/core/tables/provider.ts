/** Where the class tables come from: their evaluator is a bundle of its own, loaded when a config needs it. */
import type { Family, Root } from '../blueprints/family';

/** What the class tables can say. */
export interface Tables {
  /** Classes of a model type, its base first. */
  family(modelType: string): Family<Root> | undefined;
  /** The model type of a class. */
  typeOf(architecture: string): string | undefined;
}

const provided: { load?: () => Tables; tables?: Tables } = {};

/** Says how the tables are loaded; without them only blueprints are known. */
export function provideTables(load: () => Tables): void {
  provided.load = load;
  delete provided.tables;
}

export function classTables(): Tables | undefined {
  if (provided.tables === undefined && provided.load !== undefined) provided.tables = provided.load();
  return provided.tables;
}
