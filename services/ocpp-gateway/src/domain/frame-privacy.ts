import { itemsOf, type Member, membersOf, skipBlanks, textOf } from './json-scan';
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
/**
 * Of each name above a piece; an escape can spell any of them. An answer's `idTagInfo` and
 * `idTokenInfo` have no token for a name of theirs.
 */
const trace =
  /id.?t(?!aginfo"\s*:|okeninfo"\s*:)|token(?!info"\s*:)|additionalinfo|customerid|data"|signed|exire|certif|ationkey|pass|secret|private|sim|vpn|pwd|psk|pin|creden|key|:\\?\/|\\u/i;

/** Most frames have nothing of the kind, and need not be looked through. */
const mayBeSensitive = (text: string): boolean => trace.test(text);

/** The standard's messages are half as deep. */
const depthMax = 16;

class TooDeep extends Error {}

/** What the members beside a value say of it: `key` and `value`, `variable.name` and its value. */
type Surroundings = Readonly<{ isSecret: boolean; isSigned: boolean; isToken: boolean }>;

const plain: Surroundings = { isSecret: false, isSigned: false, isToken: false };
/** Members that say what is beside them. */
const sayingNames = new Set(['key', 'variable', 'component', 'format']);

/** The texts within a value of JSON, as they are meant. */
const textsIn = (value: string): string[] =>
  (value.match(/"(?:[^"\\]|\\.)*"/g) ?? []).map((quoted) => JSON.parse(quoted) as string);

/** What was said of the whole holds for what is within it: values of NotifyReport lie deeper. */
const surroundingsIn = (
  text: string,
  members: readonly Member[],
  outer: Surroundings,
): Surroundings => {
  if (!members.some(({ name }) => sayingNames.has(name))) {
    return outer.isSigned ? { ...outer, isSigned: false } : outer;
  }
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
  // Of an answer it is free text; of a token it is a list.
  if (name === 'additionalinfo' && text[from] === '"') return 'personal';
  return personalNames.has(name) ? 'personal' : undefined;
};

/** OCPP 2.0.1 puts a token into an object of the same name. */
const holdsToken = (text: string, { from }: Member): boolean =>
  text[from] === '{' &&
  membersOf(text, from).some((inner) => inner.name === 'idtoken' && text[inner.from] === '"');

/** Whether OCPP has a field of this name, in small letters. */
export type IsStandardName = (name: string) => boolean;

type Search = Readonly<{
  text: string;
  found: SensitivePart[];
  /** Undefined where all names are taken for known. */
  isStandardName: IsStandardName | undefined;
}>;

const collectFrom = (
  { text, found, isStandardName }: Search,
  from: number,
  depth: number,
  outer: Surroundings,
  isVendors: boolean,
): void => {
  if (depth > depthMax) throw new TooDeep();
  const search = { text, found, isStandardName };
  if (text[from] === '[') {
    for (const item of itemsOf(text, from)) {
      if (isVendors && text[item.from] === '"') found.push({ ...item, kind: 'personal' });
      else collectFrom(search, item.from, depth + 1, outer, isVendors);
    }
    return;
  }
  if (text[from] !== '{') return;
  const members = membersOf(text, from);
  const surroundings = surroundingsIn(text, members, outer);
  for (const member of members) {
    const { from: valueFrom, to, name } = member;
    const isUnknown = isStandardName?.(name) === false;
    const kind =
      kindOf(text, member, surroundings) ??
      (isUnknown && text[valueFrom] === '"' ? 'personal' : undefined);
    if (kind === undefined || (kind === 'token' && holdsToken(text, member))) {
      collectFrom(search, valueFrom, depth + 1, surroundings, isUnknown);
      continue;
    }
    const said = textOf(text, member) ?? text.slice(valueFrom, to);
    // Nothing is said of nobody.
    if (said === '' || said === 'null') continue;
    found.push({ from: valueFrom, to, kind, ...(kind === 'token' ? { said } : {}) });
  }
};

/** Whether a name in it is none of OCPP's. */
const hasVendorNames = (value: unknown, isStandardName: IsStandardName, depth = 0): boolean => {
  if (typeof value !== 'object' || value === null) return false;
  if (depth > depthMax) return true;
  if (Array.isArray(value)) {
    return value.some((item) => hasVendorNames(item, isStandardName, depth + 1));
  }
  return Object.entries(value).some(
    ([name, inner]) =>
      !isStandardName(name.toLowerCase()) || hasVendorNames(inner, isStandardName, depth + 1),
  );
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
 *
 * @param isStandardName for what a charger said: texts under names that OCPP does not have, and what
 *   an error is described by, can be anything, a token as well
 */
export const sensitivePartsOf = (
  text: string,
  isStandardName?: IsStandardName,
): readonly SensitivePart[] | undefined => {
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isFramed(frame)) return undefined;
  if (isStandardName === undefined) return sensitivePartsOfJson(text);
  const [type] = frame as unknown[];
  if (type !== 4 && !mayBeSensitive(text) && !hasVendorNames(frame, isStandardName)) return [];
  const described = type === 4 ? itemsOf(text, skipBlanks(text, 0))[3] : undefined;
  const found: SensitivePart[] = [];
  if (described !== undefined && textOf(text, described) !== '') {
    found.push({ ...described, kind: 'personal' });
  }
  return partsOf({ text, found, isStandardName });
};

/** The same of any JSON; undefined when it is too deep. */
export const sensitivePartsOfJson = (text: string): readonly SensitivePart[] | undefined =>
  mayBeSensitive(text) ? partsOf({ text, found: [], isStandardName: undefined }) : [];

const partsOf = (search: Search): readonly SensitivePart[] | undefined => {
  const { text, found } = search;
  try {
    collectFrom(search, skipBlanks(text, 0), 0, plain, false);
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
