import type { Json } from './corpus-case';

/** What placeholders stand for; captured values are added as answers come. */
export type Scope = Readonly<{
  /** When the run of the case began, in epoch milliseconds. */
  nowMs: number;
  /** The time at the charger's desk, in epoch milliseconds. */
  clockMs: () => number;
  captured: Map<string, Json>;
}>;

const spanMs: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1e3 };
const instantForm = /^(now|clock)((?:[+-]\d+[dhms])*)(?: as ([+-]\d\d:\d\d|blank))?$/;

const shiftMs = (spans: string): number =>
  [...spans.matchAll(/([+-]\d+)([dhms])/g)].reduce(
    (sum, [, count = '0', unit = 's']) => sum + Number(count) * (spanMs[unit] ?? 0),
    0,
  );

const offsetMs = (offset: string): number => {
  const minutes = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(4, 6));
  return (offset.startsWith('-') ? -1 : 1) * minutes * 60_000;
};

/** To the second, as most chargers say it; `blank` has a blank where the T belongs. */
const instantText = (ms: number, form: string | undefined): string => {
  if (form === undefined || form === 'blank') {
    const text = `${new Date(ms).toISOString().slice(0, 19)}Z`;
    return form === undefined ? text : text.replace('T', ' ');
  }
  return `${new Date(ms + offsetMs(form)).toISOString().slice(0, 19)}${form}`;
};

const valueOf = (words: string, { nowMs, clockMs, captured }: Scope): Json => {
  const [, base, spans = '', form] = instantForm.exec(words) ?? [];
  if (base !== undefined) {
    return instantText((base === 'now' ? nowMs : clockMs()) + shiftMs(spans), form);
  }
  const known = captured.get(words);
  if (known === undefined) throw new Error(`nothing is known as {{${words}}}`);
  return known;
};

const alone = /^\{\{([^{}]+)\}\}$/;
const inside = /\{\{([^{}]+)\}\}/g;

/** A text as it is, all else as JSON. */
export const textOf = (value: Json): string =>
  typeof value === 'string' ? value : JSON.stringify(value);

/**
 * The same JSON with its placeholders filled in. One that is a whole text becomes what it stands for,
 * a number stays a number; within a text it becomes text.
 *
 * @throws Error for a name that nothing has been captured under.
 */
export const filled = (template: Json, scope: Scope): Json => {
  if (typeof template === 'string') {
    const [, words] = alone.exec(template) ?? [];
    if (words !== undefined) return valueOf(words, scope);
    return template.replace(inside, (_, name: string) => textOf(valueOf(name, scope)));
  }
  if (template === null || typeof template !== 'object') return template;
  if (Array.isArray(template)) return (template as Json[]).map((item) => filled(item, scope));
  return Object.fromEntries(
    Object.entries(template).map(([key, value]) => [key, filled(value, scope)]),
  );
};

const shown = (value: Json | undefined): string =>
  value === undefined ? 'nothing' : JSON.stringify(value);

const isInstant = (value: Json | undefined): boolean =>
  typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value) && !Number.isNaN(Date.parse(value));

const classes: Readonly<Record<string, (value: Json | undefined) => boolean>> = {
  'positive int32': (value) =>
    typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 2 ** 31,
  text: (value) => typeof value === 'string',
  instant: isInstant,
  absent: (value) => value === undefined,
};

/** `=name` captures, `=name not other` too and wants another value; the rest are known or a class. */
const placeholderFaults = (
  words: string,
  value: Json | undefined,
  scope: Scope,
  path: string,
): string[] => {
  const [, name, other] = /^=([\w-]+)(?: not ([\w-]+))?$/.exec(words) ?? [];
  if (name !== undefined) {
    if (value === undefined) return [`${path}: nothing to be kept as ${name}`];
    scope.captured.set(name, value);
    return other !== undefined && scope.captured.get(other) === value
      ? [`${path}: ${shown(value)} is the same as ${other}`]
      : [];
  }
  const isOfClass = classes[words];
  if (isOfClass !== undefined) {
    return isOfClass(value) ? [] : [`${path}: ${shown(value)} is not: ${words}`];
  }
  return differences(valueOf(words, scope), value, scope, path);
};

/** Two texts that name the same instant are the same. */
const isSame = (expected: Json, value: Json | undefined): boolean =>
  expected === value ||
  (isInstant(expected) &&
    isInstant(value) &&
    Date.parse(expected as string) === Date.parse(value as string));

/**
 * In what a value falls short of a template, each with its path; captures what the template asks for.
 * An object may have more than the template says, a list may not.
 */
export const differences = (
  template: Json,
  value: Json | undefined,
  scope: Scope,
  path = '$',
): string[] => {
  if (typeof template === 'string') {
    const [, words] = alone.exec(template) ?? [];
    if (words !== undefined) return placeholderFaults(words, value, scope, path);
  }
  if (template === null || typeof template !== 'object') {
    return isSame(template, value)
      ? []
      : [`${path}: ${shown(value)} instead of ${shown(template)}`];
  }
  if (Array.isArray(template)) {
    if (!Array.isArray(value) || value.length !== template.length) {
      return [`${path}: ${shown(value)} instead of ${shown(template as Json)}`];
    }
    return (template as Json[]).flatMap((item, index) =>
      differences(item, (value as Json[])[index], scope, `${path}[${index}]`),
    );
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    return [`${path}: ${shown(value)} instead of an object`];
  }
  const fields = value as Readonly<Record<string, Json>>;
  return Object.entries(template).flatMap(([key, part]) =>
    differences(part, fields[key], scope, `${path}.${key}`),
  );
};
