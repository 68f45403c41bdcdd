/** Memory for what all runs keep, those that are still opening among them. */
export class Budget {
  private readonly held = new Map<number, number>();

  /** @param total bytes; may change while runs hold some. */
  constructor(public total: number) {}

  get free(): number {
    let free = this.total;
    for (const bytes of this.held.values()) free -= bytes;
    return Math.max(0, free);
  }

  /** Sets bytes apart for a run, before anything else can ask what is free. */
  take(run: number, bytes: number): void {
    this.held.set(run, bytes);
  }

  give(run: number): void {
    this.held.delete(run);
  }
}
