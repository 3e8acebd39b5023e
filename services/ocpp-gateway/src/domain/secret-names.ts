/**
 * Words of which the name of a setting says that its value is a secret: the one list for events,
 * recorded frames and refused frames. The short ones stand at the end of a word.
 */
const secretWord =
  /password|passwd|passphrase|pwd|secret|credential|token|psk|master.?key|private.?key|(?:pass|pin|key)(?![a-z])/i;
const tokenWord = /id.?tag/i;

/** Whether a setting holds a driver's token, as `FreeVendIdTag` does. */
export const isTokenName = (name: string): boolean => tokenWord.test(name);

/** Whether the value of a setting may be in no event, by its name; an instance in brackets may follow. */
export const isSecretName = (name: string): boolean => secretWord.test(name) || isTokenName(name);

export type TextRange = Readonly<{ from: number; to: number }>;

/** Both read a text once: the first stops at each slash, the second takes an address as a whole. */
const userinfo = /:(?:\\?\/){2}([^\s"\\/]+)@/g;
const addressWithQuery = /:(?:\\?\/){2}(?:\\.|[^\s"\\?#])*(?:[?#]((?:\\.|[^\s"\\])*))?/g;

/** Where the addresses in a text have a user and password, or a query or fragment; in order, apart. */
export const addressSecretsIn = (text: string): TextRange[] => {
  if (!text.includes(':/') && !text.includes(':\\/')) return [];
  const ranges: TextRange[] = [];
  for (const { 0: whole, 1: said = '', index } of text.matchAll(userinfo)) {
    const to = index + whole.length - 1;
    ranges.push({ from: to - said.length, to });
  }
  for (const { 0: whole, 1: said = '', index } of text.matchAll(addressWithQuery)) {
    const to = index + whole.length;
    if (said !== '') ranges.push({ from: to - said.length, to });
  }
  ranges.sort((one, other) => one.from - other.from);
  const apart: TextRange[] = [];
  for (const range of ranges) {
    const last = apart.at(-1);
    if (last === undefined || last.to < range.from) apart.push(range);
    else apart[apart.length - 1] = { from: last.from, to: Math.max(last.to, range.to) };
  }
  return apart;
};

/** A text with what may be secret in its addresses masked. */
export const withoutAddressSecrets = (text: string): string => {
  let shown = '';
  let done = 0;
  for (const { from, to } of addressSecretsIn(text)) {
    shown += `${text.slice(done, from)}***`;
    done = to;
  }
  return shown + text.slice(done);
};
