import { addressSecretsIn, isSecretName, isTokenName } from './secret-names';

/**
 * A part of a frame that may not be stored in clear.
 *
 * `token`: names a driver's token; `said` is the token. `personal`: can hold what is a person's, as
 * vendor data can. `signed`: a signed meter value, which can name the token. `secret`: a credential
 * of the charge point. `userinfo`: credentials within an address, its query among them.
 */
export type SensitivePart = Readonly<{
  /** Place of the JSON value in the text, quotes included. */
  from: number;
  to: number;
  kind: 'token' | 'personal' | 'signed' | 'secret' | 'userinfo';
  said?: string;
}>;

const tokenNames = new Set([
  'idtag',
  'parentidtag',
  'idtoken',
  'groupidtoken',
  'additionalidtoken',
  'customeridentifier',
]);
/** `data`: DataTransfer and NotifyCustomerInformation; a certificate here can be a driver's contract. */
const personalNames = new Set([
  'data',
  'customdata',
  'exirequest',
  'exiresponse',
  'certificate',
  'customercertificate',
]);
/** Fields that are a credential themselves; names of settings are in `secret-names.ts`. */
const secretField =
  /authorizationkey|password|passwd|passphrase|secret|private.?key|sim.?pin|^(vpn|psk|pwd|pin)$/i;
const privateKey = /-----BEGIN [A-Z ]*PRIVATE KEY/;
/** Of each name above a piece, in small letters; an escape can spell any of them. */
const traces = [
  'idt',
  'token',
  'customerid',
  'data"',
  'signed',
  'exire',
  'certif',
  'ationkey',
  'pass',
  'secret',
  'private',
  'sim',
  'vpn',
  'pwd',
  'psk',
  'pin',
  'creden',
  'key',
  ':/',
  ':\\/',
  '\\u',
];

/** Most frames have nothing of the kind, and need not be looked through. */
const mayBeSensitive = (text: string): boolean => {
  const small = text.toLowerCase();
  return traces.some((trace) => small.includes(trace));
};

/** The standard's messages are half as deep. */
const depthMax = 16;

class TooDeep extends Error {}

const isBlank = (code: number): boolean => code === 32 || code === 10 || code === 13 || code === 9;

const skipBlanks = (text: string, from: number): number => {
  let at = from;
  while (isBlank(text.charCodeAt(at))) at += 1;
  return at;
};

/** Behind the text that begins at a quote. */
const endOfText = (text: string, from: number): number => {
  let at = from + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
};

/** Behind the value that begins here. The text is known to be JSON. */
const endOfValue = (text: string, from: number): number => {
  const first = text[from];
  if (first === '"') return endOfText(text, from);
  let at = from + 1;
  if (first !== '{' && first !== '[') {
    while (!/[\s,\]}]/.test(text[at] ?? ',')) at += 1;
    return at;
  }
  for (let depth = 1; depth > 0;) {
    const character = text[at];
    if (character === '"') {
      at = endOfText(text, at);
      continue;
    }
    if (character === '{' || character === '[') depth += 1;
    if (character === '}' || character === ']') depth -= 1;
    at += 1;
  }
  return at;
};

type Member = Readonly<{ name: string; from: number; to: number }>;

const membersOf = (text: string, from: number): Member[] => {
  const members: Member[] = [];
  let at = skipBlanks(text, from + 1);
  while (text[at] === '"') {
    const nameEnd = endOfText(text, at);
    const name = JSON.parse(text.slice(at, nameEnd)) as string;
    const valueFrom = skipBlanks(text, skipBlanks(text, nameEnd) + 1);
    const to = endOfValue(text, valueFrom);
    members.push({ name: name.toLowerCase(), from: valueFrom, to });
    at = skipBlanks(text, to);
    if (text[at] === ',') at = skipBlanks(text, at + 1);
  }
  return members;
};

const itemsOf = (text: string, from: number): Omit<Member, 'name'>[] => {
  const items: Omit<Member, 'name'>[] = [];
  let at = skipBlanks(text, from + 1);
  while (text[at] !== ']') {
    const to = endOfValue(text, at);
    items.push({ from: at, to });
    at = skipBlanks(text, to);
    if (text[at] === ',') at = skipBlanks(text, at + 1);
  }
  return items;
};

const textOf = (text: string, { from, to }: Omit<Member, 'name'>): string | undefined =>
  text[from] === '"' ? (JSON.parse(text.slice(from, to)) as string) : undefined;

/** What the members beside a value say of it: `key` and `value`, `variable.name` and its value. */
type Surroundings = Readonly<{ isSecret: boolean; isSigned: boolean; isToken: boolean }>;

const plain: Surroundings = { isSecret: false, isSigned: false, isToken: false };

/** The texts within a value of JSON, as they are meant. */
const textsIn = (value: string): string[] =>
  (value.match(/"(?:[^"\\]|\\.)*"/g) ?? []).map((quoted) => JSON.parse(quoted) as string);

/** What was said of the whole holds for what is within it: values of NotifyReport lie deeper. */
const surroundingsIn = (
  text: string,
  members: readonly Member[],
  outer: Surroundings,
): Surroundings => {
  const raw = (name: string): string => {
    const member = members.find((one) => one.name === name);
    return member === undefined ? '' : text.slice(member.from, member.to);
  };
  const names = ['key', 'variable'].flatMap((name) => textsIn(raw(name)));
  const isToken = names.some(isTokenName) || /tokenreader/i.test(raw('component'));
  return {
    isSecret: outer.isSecret || (!isToken && names.some(isSecretName)),
    isSigned: raw('format') === '"SignedData"',
    isToken: outer.isToken || isToken,
  };
};

const valueNames = new Set(['value', 'attributevalue', 'actualvalue', 'valuestring']);

const kindOf = (
  text: string,
  member: Member,
  { isSecret, isSigned, isToken }: Surroundings,
): SensitivePart['kind'] | undefined => {
  const { name, from, to } = member;
  const isValue = valueNames.has(name);
  if (secretField.test(name) || (isSecret && isValue)) return 'secret';
  if (text[from] === '"' && privateKey.test(text.slice(from, to))) return 'secret';
  if (name === 'signedmeterdata' || (isSigned && name === 'value')) return 'signed';
  if (tokenNames.has(name) || (isToken && isValue)) return 'token';
  return personalNames.has(name) ? 'personal' : undefined;
};

/** OCPP 2.0.1 puts a token into an object of the same name. */
const holdsToken = (text: string, { from }: Member): boolean =>
  text[from] === '{' &&
  membersOf(text, from).some((inner) => inner.name === 'idtoken' && text[inner.from] === '"');

const collect = (
  text: string,
  from: number,
  depth: number,
  found: SensitivePart[],
  outer: Surroundings = plain,
): void => {
  if (depth > depthMax) throw new TooDeep();
  if (text[from] === '[') {
    for (const item of itemsOf(text, from)) collect(text, item.from, depth + 1, found, outer);
    return;
  }
  if (text[from] !== '{') return;
  const members = membersOf(text, from);
  const surroundings = surroundingsIn(text, members, outer);
  for (const member of members) {
    const kind = kindOf(text, member, surroundings);
    if (kind === undefined || (kind === 'token' && holdsToken(text, member))) {
      collect(text, member.from, depth + 1, found, surroundings);
      continue;
    }
    const { from: valueFrom, to } = member;
    const said = textOf(text, member) ?? text.slice(valueFrom, to);
    // Nothing is said of nobody.
    if (said === '' || said === 'null') continue;
    found.push({ from: valueFrom, to, kind, ...(kind === 'token' ? { said } : {}) });
  }
};

const isFramed = (frame: unknown): boolean => {
  if (!Array.isArray(frame)) return false;
  const [type, id, third, fourth] = frame as unknown[];
  const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;
  if (typeof id !== 'string') return false;
  if (type === 2) return frame.length === 4 && typeof third === 'string' && isObject(fourth);
  if (type === 3) return frame.length === 3 && isObject(third);
  return type === 4 && typeof third === 'string' && typeof fourth === 'string';
};

/**
 * The parts of an OCPP-J frame that may not be stored in clear, in order and none within another;
 * undefined when it is no frame, so that nobody knows what in it is what. Fields are known by their
 * names, wherever they stand and whether or not the message keeps its schema.
 */
export const sensitivePartsOf = (text: string): readonly SensitivePart[] | undefined => {
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isFramed(frame) ? sensitivePartsOfJson(text) : undefined;
};

/** The same of any JSON; undefined when it is too deep. */
export const sensitivePartsOfJson = (text: string): readonly SensitivePart[] | undefined => {
  if (!mayBeSensitive(text)) return [];
  const found: SensitivePart[] = [];
  try {
    collect(text, skipBlanks(text, 0), 0, found);
  } catch (error) {
    if (error instanceof TooDeep) return undefined;
    throw error;
  }
  return withAddressSecrets(text, found);
};

/** Together with the credentials in addresses that are in none of the parts found. */
const withAddressSecrets = (text: string, found: readonly SensitivePart[]): SensitivePart[] => {
  const all: SensitivePart[] = [];
  let next = 0;
  for (const { from, to } of addressSecretsIn(text)) {
    for (let part = found[next]; part !== undefined && part.from < to; part = found[next]) {
      all.push(part);
      next += 1;
    }
    if ((all.at(-1)?.to ?? 0) <= from) all.push({ from, to, kind: 'userinfo' });
  }
  return [...all, ...found.slice(next)];
};

/** The text with its sensitive parts replaced, all else as it was said. */
export const withParts = (
  text: string,
  parts: readonly SensitivePart[],
  replacementOf: (part: SensitivePart, value: string) => string,
): string => {
  let replaced = '';
  let done = 0;
  for (const part of parts) {
    replaced += text.slice(done, part.from) + replacementOf(part, text.slice(part.from, part.to));
    done = part.to;
  }
  return replaced + text.slice(done);
};
