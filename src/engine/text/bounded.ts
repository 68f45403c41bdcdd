/** Work that files of others decide on, ended when it takes too long. */
import { createContext, Script } from 'node:vm';

/** What `work` gave; calls that follow each other share one context. */
const box: { work?: () => void } = {};
const context = createContext(box);
const call = new Script('work()');

/**
 * Runs `work` for at most so long. A regular expression that backtracks for ever is ended too, which nothing else can do
 * from within its thread.
 *
 * @returns undefined where it took longer.
 */
export function bounded<T>(milliseconds: number, work: () => T): { readonly value: T } | undefined {
  let outcome: { value: T } | undefined;
  box.work = () => void (outcome = { value: work() });
  try {
    call.runInContext(context, { timeout: milliseconds });
    return outcome;
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return undefined;
    throw error;
  } finally {
    delete box.work;
  }
}
