/** Numbers as a reader sees them, in VS Code's display language. */

/** Separators and signs of one language. */
export class NumberFormat {
  // Made when first used: the language's data takes milliseconds to load, which the activation doesn't have.
  private readonly integer = once(() => new Intl.NumberFormat(this.language, { maximumFractionDigits: 0 }));
  private readonly significant = once(
    () =>
      new Intl.NumberFormat(this.language, {
        minimumSignificantDigits: 3,
        maximumSignificantDigits: 3,
        useGrouping: false,
      }),
  );
  private readonly ratio = once(
    () => new Intl.NumberFormat(this.language, { style: 'percent', maximumFractionDigits: 0 }),
  );

  constructor(private readonly language: string) {}

  /** Every digit, with separators: 8,030,261,248. */
  exact(value: number | bigint): string {
    return this.integer().format(value);
  }

  /** Three significant digits and the scale of counts: 8.03 B. Below a thousand, the number itself. */
  compact(value: number | bigint): string {
    return this.scaled(value, ['', 'K', 'M', 'B', 'T', 'Q'], 1000);
  }

  /** Three significant digits and the SI prefix, for units: 15.6 T. */
  prefixed(value: number | bigint): string {
    return this.scaled(value, ['', 'k', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y'], 1000);
  }

  /** Bytes in binary units: 15.0 GiB. */
  bytes(value: number): string {
    const text = this.scaled(value, ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'], 1024);
    return text;
  }

  /** A part of a whole in whole percents: 87 %; `<1 %` for what would round to nothing. */
  share(part: number | bigint, whole: number | bigint): string {
    if (Number(whole) === 0) return this.ratio().format(0);
    const ratio = Number(part) / Number(whole);
    return ratio > 0 && ratio < 0.005 ? `<${this.ratio().format(0.01)}` : this.ratio().format(ratio);
  }

  /** The dimensions of a shape: 1 × 1,024. */
  shape(dimensions: readonly number[]): string {
    return dimensions.map((size) => this.exact(size)).join(' × ');
  }

  private scaled(value: number | bigint, units: readonly string[], base: number): string {
    let number = Number(value);
    const sign = number < 0 ? '−' : '';
    number = Math.abs(number);
    let step = 0;
    // The largest three-digit value is left below 999.5, which would print as 1000.
    while (number >= (step === 0 ? base : base - base / 2000) && step < units.length - 1) {
      number /= base;
      step++;
    }
    const text = step === 0 ? this.exact(number) : this.significant().format(number);
    return `${sign}${text}${units[step] === '' ? '' : ` ${units[step]}`}`;
  }
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

/** As wide as a digit in fonts whose digits have one width, and not broken at a line's end. */
const FIGURE_SPACE = '\u2007';

/** Fills up on the left, so that what follows doesn't jump while the number changes. */
export function padNumber(text: string, width: number): string {
  return text.padStart(width, FIGURE_SPACE);
}
