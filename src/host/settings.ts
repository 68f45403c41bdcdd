/** The settings of Headlight, read where they are needed and checked, since a settings.json may hold anything. */
import * as vscode from 'vscode';
import type { Workload } from '../core/analysis';
import type { EngineSettings } from '../protocol/engine';
import type { PyTorchEngine } from '../protocol/run';

const SECTION = 'headlight';

export type Feature = 'diagnostics' | 'hover' | 'codeLens' | 'inlayHints';

export function featureEnabled(feature: Feature, scope: vscode.Uri): boolean {
  return configuration(scope).get<boolean>(`${feature}.enabled`, true) !== false;
}

/** Globs of the files that may hold a model's config. */
export function configGlobs(scope: vscode.Uri): string[] {
  const value = configuration(scope).get<unknown>('files', []);
  return Array.isArray(value) ? value.filter((glob): glob is string => typeof glob === 'string') : [];
}

/** What settings say of a workload; a sound keeps the length that the core gives it, and images are left out. */
type Lengths = Required<Omit<Workload, 'sound' | 'images'>>;

const WORKLOAD_DEFAULTS: Lengths = { batch: 1, tokens: 1024, decoderTokens: 1024, context: 4096 };
const WORKLOAD_LIMITS: Record<keyof Lengths, number> = {
  batch: 1_000_000,
  tokens: 100_000_000,
  decoderTokens: 100_000_000,
  context: 100_000_000,
};

/** What a forward pass is counted for; a value outside its limits is replaced by its default. */
export function workload(scope: vscode.Uri): Workload {
  const settings = configuration(scope);
  const read = (name: keyof Lengths): number => {
    const value = settings.get<unknown>(`workload.${name}`);
    const valid =
      typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= WORKLOAD_LIMITS[name];
    return valid ? value : WORKLOAD_DEFAULTS[name];
  };
  return {
    batch: read('batch'),
    tokens: read('tokens'),
    decoderTokens: read('decoderTokens'),
    context: read('context'),
  };
}

/** Milliseconds after which an unused engine is stopped; 0: never. */
export function engineIdle(): number {
  const minutes = configuration().get<unknown>('engine.idleMinutes');
  return typeof minutes === 'number' && minutes >= 0 ? minutes * 60_000 : 600_000;
}

/** Whether the engine gets a process of its own, in which V8 joins vectors. */
export function engineWide(): boolean {
  return configuration().get<unknown>('engine.wide') === true;
}

/** What attention runs may take. */
export function engineSettings(): EngineSettings {
  const megabytes = configuration().get<unknown>('engine.memory');
  const valid = typeof megabytes === 'number' && megabytes >= 16 && megabytes <= 65_536;
  return { memory: (valid ? megabytes : 1024) * 2 ** 20 };
}

const USES = ['auto', 'worker', 'pytorch'] as const;

/** Which engine runs attention. */
export function engineUse(): (typeof USES)[number] {
  const value = configuration().get<unknown>('engine.use');
  return USES.find((use) => use === value) ?? 'auto';
}

/** The interpreter that the user names; undefined where none. */
export function pythonSetting(): string | undefined {
  const value = configuration().get<unknown>('pytorch.interpreter');
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}

const DTYPES = ['float32', 'bfloat16', 'float16'] as const;

/** How a model runs in the user's Python. */
export function pytorchSettings(): Omit<PyTorchEngine, 'interpreter'> {
  const settings = configuration();
  const dtype = settings.get<unknown>('pytorch.dtype');
  const gigabytes = settings.get<unknown>('pytorch.memory');
  const address = settings.get<unknown>('ray.address');
  const workers = settings.get<unknown>('ray.workers');
  return {
    dtype: DTYPES.find((each) => each === dtype) ?? 'float32',
    ...(typeof gigabytes === 'number' && gigabytes > 0 ? { memory: gigabytes * 1e9 } : {}),
    ...(typeof address === 'string' && address.trim() !== ''
      ? { ray: { address: address.trim(), workers: isCount(workers) ? workers : 0 } }
      : {}),
  };
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0;
}

function configuration(scope?: vscode.Uri): vscode.WorkspaceConfiguration {
  return vscode.workspace.getConfiguration(SECTION, scope);
}
