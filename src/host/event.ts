/** A typed event without VS Code's emitter, so that what uses it runs in a plain test. */

export interface Subscription {
  dispose(): void;
}

/** Calls every listener in the order of subscription; one that throws is logged, and the others hear all the same. */
export class Signal<T> {
  private readonly listeners = new Set<(value: T) => void>();

  constructor(private readonly log: (line: string) => void) {}

  readonly on = (listener: (value: T) => void): Subscription => {
    // A wrapper of its own for each subscription: the same function may subscribe twice.
    const own = (value: T): void => listener(value);
    this.listeners.add(own);
    return { dispose: () => void this.listeners.delete(own) };
  };

  fire(value: T): void {
    for (const listener of [...this.listeners]) {
      try {
        listener(value);
      } catch (error) {
        this.log(`a listener failed: ${(error instanceof Error && error.stack) || String(error)}`);
      }
    }
  }
}

/** Owns what has to be disposed; what is added after the disposal is disposed at once. */
export class Store implements Subscription {
  private readonly children = new Set<Subscription>();
  private disposed = false;

  add<T extends Subscription>(child: T): T {
    if (this.disposed) child.dispose();
    else this.children.add(child);
    return child;
  }

  dispose(): void {
    this.disposed = true;
    for (const child of [...this.children].reverse()) child.dispose();
    this.children.clear();
  }
}
