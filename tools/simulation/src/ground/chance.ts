import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

const million = 1_000_000;

/**
 * The only source of chance of a run. Everything is drawn as whole numbers, so that a seed gives
 * the same run on every machine.
 */
export class Chance {
  private readonly generator;

  constructor(seed: number) {
    this.generator = xoroshiro128plus(seed);
  }

  /** From `min` to `max`, both included. */
  integer(min: number, max: number): number {
    return uniformInt(this.generator, min, max);
  }

  /** True with the given probability, exact to a millionth. */
  happens(probability: number): boolean {
    return probability > 0 && this.integer(0, million - 1) < probability * million;
  }

  pick<T>(values: readonly T[]): T {
    const value = values[this.integer(0, values.length - 1)];
    if (value === undefined) throw new RangeError('cannot pick from nothing');
    return value;
  }

  /** Every order of magnitude between the two is as likely as any other. */
  spread(min: number, max: number): number {
    // The number of whole doublings that fit in between, read off the highest bit.
    const doublings = max < min ? 0 : 31 - Math.clz32(Math.floor(max / min));
    const from = min * 2 ** this.integer(0, doublings);
    return Math.min(max, this.integer(from, from * 2));
  }
}
