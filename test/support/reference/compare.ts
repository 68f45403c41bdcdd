/** Compares what the core makes of a config with what the real class says of it. */
import { parameterTotals } from '../../../src/core/measure/parameters';
import { flopsOfShapes } from '../../../src/core/measure/flops';
import type { Model } from '../../../src/core/model/module';
import { namedParameters } from '../../../src/core/model/walk';
import { build } from '../../../src/core/service';
import { shapesOf } from './inputs';
import { configOf, expanded, expandedTies, type Row } from './rows';

/** What differs between a model and its row, in words; nothing where it is exact. */
export interface Verdict {
  /** The number of parameters agrees. */
  readonly total: boolean;
  readonly differences: readonly string[];
}

/** The model of a row's config, or why there is none. */
export function modelOf(row: Row): { model: Model } | { model?: undefined; reason: string } {
  try {
    const { model, problems } = build(JSON.stringify(configOf(row)));
    if (model !== undefined) return { model };
    const said = problems.map((each) => `${each.code} ${JSON.stringify(each.arguments)}`);
    return { reason: `not built: ${said.join('; ') || 'no model config'}` };
  } catch (error) {
    return { reason: `not built: ${String(error)}` };
  }
}

/** Parameters by name, shape and tie, where the row has them; else by their number. */
export function compareParameters(row: Row): Verdict {
  const built = modelOf(row);
  if (built.model === undefined) return { total: false, differences: [built.reason] };
  try {
    const { total } = parameterTotals(built.model.root);
    const wrong = row.total !== undefined && total !== row.total;
    const differences = wrong ? [`${counted(total)} parameters for ${counted(row.total)}`] : [];
    return { total: !wrong, differences: [...differences, ...tensorDifferences(built.model, row)] };
  } catch (error) {
    return { total: false, differences: [String(error)] };
  }
}

/** FLOPs as FlopCounterMode sees them. */
export function compareFlops(row: Row): Verdict {
  const built = modelOf(row);
  if (built.model === undefined) return { total: false, differences: [built.reason] };
  try {
    const { total } = flopsOfShapes(built.model, shapesOf(built.model, row.inputs ?? row.shapes ?? {}));
    const found = total.forward - total.unseen;
    const wanted = BigInt(row.flops ?? 0);
    if (found === wanted) return { total: true, differences: [] };
    const excess = found - wanted;
    const sign = excess > 0n ? '+' : '';
    return {
      total: false,
      differences: [`${counted(found)} FLOPs for ${counted(wanted)} (${sign}${counted(excess)})`],
    };
  } catch (error) {
    return { total: false, differences: [String(error)] };
  }
}

function tensorDifferences(model: Model, row: Row): string[] {
  const found = tensorsOf(model);
  const differences: string[] = [];
  if (row.params !== undefined) {
    const wanted = expanded(row.params);
    const missing = [...wanted].filter(([name]) => !found.params.has(name));
    const extra = [...found.params].filter(([name]) => !wanted.has(name));
    const misshapen = [...wanted].filter(([name, shape]) => {
      const mine = found.params.get(name);
      return mine !== undefined && mine.join() !== shape.join();
    });
    differences.push(
      ...group(
        'missing',
        missing.map(([name, shape]) => `${name} [${shape.join()}]`),
      ),
      ...group(
        'left over',
        extra.map(([name, shape]) => `${name} [${shape.join()}]`),
      ),
      ...group(
        'misshapen',
        misshapen.map(([name, shape]) => `${name} [${found.params.get(name)!.join()}] for [${shape.join()}]`),
      ),
    );
  }
  if (row.tied !== undefined) {
    const wanted = expandedTies(row.tied);
    const names = new Set([...wanted.keys(), ...found.tied.keys()]);
    const otherwise = [...names].filter((name) => wanted.get(name) !== found.tied.get(name));
    differences.push(
      ...group(
        'tied otherwise',
        otherwise.map(
          (name) => `${name} to ${found.tied.get(name) ?? 'nothing'} for ${wanted.get(name) ?? 'nothing'}`,
        ),
      ),
    );
  }
  return differences;
}

/** Trainable tensors of a model, and the names tied to them. */
function tensorsOf(model: Model): { params: Map<string, readonly number[]>; tied: Map<string, string> } {
  const params = new Map<string, readonly number[]>();
  const tied = new Map<string, string>();
  for (const { parameter, names } of namedParameters(model.root)) {
    if (parameter.buffer) continue;
    params.set(names[0], parameter.shape);
    for (const other of names.slice(1)) tied.set(other, names[0]);
  }
  return { params, tied };
}

const FIRST_FEW = 6;

function group(what: string, items: readonly string[]): string[] {
  if (items.length === 0) return [];
  const more = items.length > FIRST_FEW ? `, … ${items.length - FIRST_FEW} more` : '';
  return [`${items.length} ${what}: ${items.slice(0, FIRST_FEW).join(', ')}${more}`];
}

function counted(count: number | bigint | undefined): string {
  return count === undefined ? '?' : count.toLocaleString('en-US');
}
