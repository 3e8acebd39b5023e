import type { FormFields, FormValue } from './form';
import { invalidParameter } from './stripe-error';

/** Bounds of a `created[gte]=...` filter, in seconds; a bare number means exactly then. */
export interface Range {
  gt?: number;
  gte?: number;
  lt?: number;
  lte?: number;
}

const integerPattern = /^-?\d+$/;

/** The parameters of one request, read by name with Stripe's own complaints. */
export class Parameters {
  constructor(
    private readonly fields: FormFields,
    private readonly prefix = '',
  ) {}

  /** Refuses names the endpoint does not know, as Stripe does, so that a typing error is noticed. */
  allowOnly(names: readonly string[]): void {
    for (const name of Object.keys(this.fields)) {
      if (!names.includes(name)) {
        const param = this.nameOf(name);
        throw invalidParameter(`Received unknown parameter: ${param}`, param, 'parameter_unknown');
      }
    }
  }

  has(name: string): boolean {
    return this.fields[name] !== undefined;
  }

  text(name: string): string | undefined {
    const value = this.fields[name];
    if (value === undefined) return undefined;
    if (typeof value !== 'string') throw this.invalid('string', name, value);
    return value;
  }

  requiredText(name: string): string {
    const value = this.text(name);
    if (value === undefined || value === '') throw this.missing(name);
    return value;
  }

  /** A whole number within the safe range; amounts are minor units and never fractions. */
  integer(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const number = Number(text);
    if (!integerPattern.test(text) || !Number.isSafeInteger(number)) {
      const param = this.nameOf(name);
      throw invalidParameter(`Invalid integer: ${text}`, param, 'parameter_invalid_integer');
    }
    return number;
  }

  requiredInteger(name: string): number {
    const value = this.integer(name);
    if (value === undefined) throw this.missing(name);
    return value;
  }

  boolean(name: string): boolean | undefined {
    const text = this.text(name);
    if (text === undefined || text === '') return undefined;
    if (text !== 'true' && text !== 'false') throw this.invalid('boolean', name, text);
    return text === 'true';
  }

  oneOf<T extends string>(name: string, allowed: readonly T[]): T | undefined {
    const text = this.text(name);
    if (text === undefined || text === '') return undefined;
    const found = allowed.find((value) => value === text);
    if (found !== undefined) return found;
    const param = this.nameOf(name);
    throw invalidParameter(`Invalid ${param}: must be one of ${allowed.join(', ')}`, param);
  }

  list(name: string): string[] | undefined {
    const value = this.fields[name];
    if (value === undefined) return undefined;
    if (value === '') return [];
    if (!Array.isArray(value)) throw this.invalid('array', name, value);
    return value.map((item) => {
      if (typeof item !== 'string') throw this.invalid('string', name, item);
      return item;
    });
  }

  /** Named values below `name`, or undefined when the parameter is absent. */
  group(name: string): Parameters | undefined {
    const value = this.fields[name];
    if (value === undefined || value === '') return undefined;
    if (typeof value !== 'object' || Array.isArray(value))
      throw this.invalid('object', name, value);
    return new Parameters(value, this.nameOf(name));
  }

  /** `before` with the metadata of the request merged in; an empty text removes its key. */
  metadata(before: Record<string, string> = {}): Record<string, string> {
    if (this.fields['metadata'] === '') return {};
    const merged = { ...before };
    const changes = this.group('metadata');
    for (const name of Object.keys(changes?.fields ?? {})) {
      const text = changes?.requiredTextOrEmpty(name) ?? '';
      if (name.length > 40 || text.length > 500) {
        throw invalidParameter(
          'Metadata keys have at most 40 characters and values at most 500.',
          `metadata[${name}]`,
        );
      }
      if (text === '') delete merged[name];
      else merged[name] = text;
    }
    if (Object.keys(merged).length > 50) {
      throw invalidParameter('Metadata has at most 50 keys.', 'metadata');
    }
    return merged;
  }

  range(name: string): Range | undefined {
    const value = this.fields[name];
    if (value === undefined) return undefined;
    if (typeof value === 'string') {
      const exactly = this.requiredInteger(name);
      return { gte: exactly, lte: exactly };
    }
    const bounds = this.group(name);
    bounds?.allowOnly(['gt', 'gte', 'lt', 'lte']);
    const range: Range = {};
    for (const bound of ['gt', 'gte', 'lt', 'lte'] as const) {
      const limit = bounds?.integer(bound);
      if (limit !== undefined) range[bound] = limit;
    }
    return range;
  }

  nameOf(name: string): string {
    return this.prefix === '' ? name : `${this.prefix}[${name}]`;
  }

  missing(name: string) {
    const param = this.nameOf(name);
    return invalidParameter(`Missing required param: ${param}.`, param, 'parameter_missing');
  }

  private requiredTextOrEmpty(name: string): string {
    return this.text(name) ?? '';
  }

  private invalid(wanted: string, name: string, value: FormValue) {
    const shown = typeof value === 'string' ? value : JSON.stringify(value);
    return invalidParameter(`Invalid ${wanted}: ${shown}`, this.nameOf(name));
  }
}

/** Whether `second` lies within the bounds; no bounds means always. */
export const within = (second: number, range: Range | undefined): boolean =>
  range === undefined ||
  ((range.gt === undefined || second > range.gt) &&
    (range.gte === undefined || second >= range.gte) &&
    (range.lt === undefined || second < range.lt) &&
    (range.lte === undefined || second <= range.lte));
