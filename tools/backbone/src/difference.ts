const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const shown = (value: unknown): string =>
  value === undefined
    ? 'nothing'
    : JSON.stringify(value, (_key, part: unknown) =>
        typeof part === 'bigint' ? part.toString() : part,
      );

/** Where two values differ: `lines[0].amountMinor: recorded "1191", derived "1190"`. */
export const differences = (recorded: unknown, derived: unknown, path = ''): readonly string[] => {
  if (Array.isArray(recorded) && Array.isArray(derived)) {
    const length = Math.max(recorded.length, derived.length);
    return Array.from({ length }, (_, index) =>
      differences(recorded[index], derived[index], `${path}[${index}]`),
    ).flat();
  }
  if (isObject(recorded) && isObject(derived)) {
    const names = [...new Set([...Object.keys(recorded), ...Object.keys(derived)])].sort();
    return names.flatMap((name) =>
      differences(recorded[name], derived[name], path === '' ? name : `${path}.${name}`),
    );
  }
  return recorded === derived
    ? []
    : [`${path}: recorded ${shown(recorded)}, derived ${shown(derived)}`];
};
