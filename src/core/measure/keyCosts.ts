/**
 * What single keys cost, found by building the model again with another value: a key is worth what the total changes
 * by. So every key of every family has its figure, and none needs a formula.
 */
import { rebuild, type Built } from '../build';
import type { KeyCost } from '../analysis';
import type { ReadKey } from '../config/config';
import type { Module } from '../model/module';
import { modulesOf } from '../model/walk';
import { attentions, type CacheSize } from './memory';
import { parameterTotals } from './parameters';

/** Keys with less than this share of the total are not worth a figure in the text, nor the time to find it. */
const SMALLEST_SHARE = 0.002;

/** Modules; DeepSeek-V3 has about 1,300. */
const LARGEST_TREE = 8000;

export function keyCosts(built: Built, total: number, cache: CacheSize | undefined): KeyCost[] {
  if (built.found === undefined || isHuge(built.found.model.root)) return [];
  const costs: KeyCost[] = [];
  for (const read of built.found.config.read) {
    if (read.source !== 'given') continue;
    if (read.key.role === 'tie') costs.push(...tieCost(built, read, total));
    else if (read.key.role === 'keyValueHeads') costs.push(...headCost(built, read, cache));
    else if (read.key.type === 'integer' && typeof read.value === 'number') {
      costs.push(...sizeCost(built, read, read.value, total));
    }
  }
  return costs;
}

/** Each key builds the model anew, a few times: too slow for a tree that is far larger than any that exists. */
function isHuge(root: Module): boolean {
  let modules = 0;
  modulesOf(root, () => modules++);
  return modules > LARGEST_TREE;
}

/** Keys that hold a share proportional to their value, seen at one more and at half; layers by what one more adds. */
function sizeCost(built: Built, { path, key }: ReadKey, value: number, total: number): KeyCost[] {
  const totalAt = (other: number): number | undefined => {
    const model = rebuild(built, { [path]: other });
    return model && parameterTotals(model.root).total;
  };
  const more = totalAt(value + 1);
  if (more === undefined || more === total) return [];
  const each = more - total;
  if (Math.abs(each) * value < total * SMALLEST_SHARE) return [];
  const half = Math.max(key.min, Math.floor(value / 2));
  const proportional =
    each > 0 &&
    value > half &&
    value * each <= total &&
    total - (totalAt(half) ?? NaN) === each * (value - half);
  if (proportional) return [{ type: 'linear', key: path, times: value, each, parameters: value * each }];
  return key.role === 'layers' ? [{ type: 'step', key: path, each }] : [];
}

function tieCost(built: Built, { path, value }: ReadKey, total: number): KeyCost[] {
  const model = rebuild(built, { [path]: value === false });
  const otherwise = model === undefined ? 0 : parameterTotals(model.root).total - total;
  return otherwise === 0 ? [] : [{ type: 'flag', key: path, otherwise }];
}

function headCost(built: Built, { path }: ReadKey, cache: CacheSize | undefined): KeyCost[] {
  const first = built.found === undefined ? undefined : attentions(built.found.model)[0]?.module;
  if (first === undefined || cache === undefined) return [];
  const { heads, keyValueHeads } = first;
  return [{ type: 'keyValueHeads', key: path, heads, keyValueHeads, cacheBytesPerToken: cache.perToken }];
}
