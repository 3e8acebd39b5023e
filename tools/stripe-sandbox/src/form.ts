/** A value of a form-encoded Stripe request: text, a list, or named values. */
export type FormValue = string | FormValue[] | { [name: string]: FormValue };
export type FormFields = { [name: string]: FormValue };

const nameSegments = (key: string): string[] => {
  const open = key.indexOf('[');
  if (open <= 0) return [key];
  const rest = [...key.slice(open).matchAll(/\[([^\]]*)\]/g)].map((match) => match[1] ?? '');
  return [key.slice(0, open), ...rest];
};

const isIndex = (name: string): boolean => /^\d+$/.test(name);

/** Maps whose names are all 0, 1, 2 ... are lists: `expand[0]=a` means the same as `expand[]=a`. */
const withLists = (value: FormValue): FormValue => {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(withLists);
  const entries = Object.entries(value).map(([name, inner]) => [name, withLists(inner)] as const);
  if (entries.length > 0 && entries.every(([name]) => isIndex(name))) {
    return entries.sort(([a], [b]) => Number(a) - Number(b)).map(([, inner]) => inner);
  }
  return Object.fromEntries(entries);
};

/**
 * Reads an `application/x-www-form-urlencoded` body or query with Stripe's nested keys
 * (`card[number]`, `metadata[session]`, `expand[]`).
 */
export const decodeForm = (encoded: string): FormFields => {
  const root = Object.create(null) as FormFields;
  for (const [key, text] of new URLSearchParams(encoded)) {
    const segments = nameSegments(key);
    let node: FormFields = root;
    segments.forEach((segment, depth) => {
      const name = segment === '' ? String(Object.keys(node).length) : segment;
      if (depth === segments.length - 1) {
        node[name] = text;
        return;
      }
      const inner = node[name];
      if (inner === undefined || typeof inner === 'string' || Array.isArray(inner)) {
        const created = Object.create(null) as FormFields;
        node[name] = created;
        node = created;
      } else {
        node = inner;
      }
    });
  }
  return Object.fromEntries(Object.entries(root).map(([name, value]) => [name, withLists(value)]));
};

/** One text for equal parameters in any order: what an idempotency key is bound to. */
export const canonicalForm = (value: FormValue): string => {
  if (typeof value === 'string') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalForm).join(',')}]`;
  const names = Object.keys(value).sort();
  return `{${names
    .map((name) => `${JSON.stringify(name)}:${canonicalForm(value[name] ?? '')}`)
    .join(',')}}`;
};
