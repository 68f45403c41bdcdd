/** The engine that the panels ask: the worker's own, or PyTorch for what that can't run. */
import type { Analysis } from '../../core/analysis';
import type { SharingGraph } from '../../core/sharing/graph';
import type { AnalyseRequest, GraphRequest } from '../../protocol/engine';
import type { Pattern, PyTorchEngine, RunError, RunRequest } from '../../protocol/run';
import type { Engine, EngineClient, OpenRun } from '../engineClient';

/** What the settings say of the second engine, and whether it may be used now. */
export interface PyTorchChoice {
  use(): 'auto' | 'worker' | 'pytorch';
  /** PyTorch for a model of this folder, or the words for why there is none. */
  find(folder: string | undefined): Promise<PyTorchEngine | string>;
  /** Words for a run that neither engine could do. */
  both(worker: string, pytorch: string): string;
}

/** Why the worker may refuse what PyTorch can do. */
const ELSEWHERE: readonly (string | undefined)[] = ['unsupported', 'memory'] satisfies RunError['code'][];

/** A run that can't begin, with the code of a run's error. */
class RunRefused extends Error {
  constructor(
    readonly code: RunError['code'],
    detail: string,
  ) {
    super(detail);
  }
}

export class ChosenEngine implements Engine {
  constructor(
    private readonly worker: Engine & Pick<EngineClient, 'died'>,
    private readonly choice: PyTorchChoice,
  ) {}

  get died(): EngineClient['died'] {
    return this.worker.died;
  }

  analyse(request: AnalyseRequest, signal: AbortSignal): Promise<Analysis> {
    return this.worker.analyse(request, signal);
  }

  graph(request: GraphRequest, signal: AbortSignal): Promise<SharingGraph> {
    return this.worker.graph(request, signal);
  }

  pattern(request: RunRequest, signal: AbortSignal): Promise<Pattern> {
    return this.worker.pattern(request, signal);
  }

  async openRun(request: RunRequest, signal: AbortSignal): Promise<OpenRun> {
    const use = this.choice.use();
    if (use === 'pytorch') {
      const pytorch = await this.choice.find(request.folder);
      if (typeof pytorch === 'string') throw new RunRefused('pytorch', pytorch);
      return this.worker.openRun({ ...request, pytorch }, signal);
    }
    try {
      return await this.worker.openRun(request, signal);
    } catch (error) {
      const { code, message } = error as { code?: RunError['code']; message: string };
      if (use === 'worker' || !ELSEWHERE.includes(code)) throw error;
      const pytorch = await this.choice.find(request.folder);
      if (typeof pytorch === 'string') throw new RunRefused(code!, this.choice.both(message, pytorch));
      try {
        return await this.worker.openRun({ ...request, pytorch }, signal);
      } catch (second) {
        if ((second as { code?: string }).code === 'cancelled') throw second;
        throw new RunRefused(code!, this.choice.both(message, (second as Error).message));
      }
    }
  }
}
