import { type SensitivePart, sensitivePartsOfJson, withParts } from '../domain/frame-privacy';
import { isSecretName, withoutAddressSecrets } from '../domain/secret-names';

// At most eight backslashes: an endless run of them must not be read again from each of its places.
const secretName =
  /(\\{0,8}["'])(?:idTag|parentIdTag|idToken|groupIdToken|additionalIdToken|password|passwd|pwd|psk|pin|authorizationKey|data|customData|key)\1\s*:\s*/gi;
const valueName = /(\\{0,8}["'])(?:value|attributeValue|actualValue|valueString)\1\s*:\s*/gi;
const openingQuote = /\\{0,8}["']/y;
const frameCharsMax = 8_192;

/**
 * A text PostgreSQL can keep: NUL and lone surrogates, which JSON allows and a database refuses, are
 * written as their escapes.
 *
 * @param charactersMax what is longer is cut, and never within a surrogate pair
 */
export const storableText = (text: string, charactersMax = Number.POSITIVE_INFINITY): string => {
  const escaped = text.replace(
    /\0|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return escaped.length <= charactersMax
    ? escaped
    : escaped.slice(0, charactersMax).replace(/[\uD800-\uDBFF]$/, '');
};

/** The place behind a text that is quoted like this and goes on at `from`. */
const quotedEnd = (text: string, from: number, quote: string): number => {
  for (let at = from; at < text.length; at += 1) {
    if (text.startsWith(quote, at)) return at + quote.length;
    // Behind a backslash a quote is part of the text. JSON within a text is quoted by such.
    if (text[at] === '\\' && quote.length === 1) at += 1;
  }
  return text.length;
};

/** The place behind a JSON value of whatever kind, broken or not. */
const valueEnd = (text: string, from: number): number => {
  let depth = 0;
  for (let at = from; at < text.length;) {
    openingQuote.lastIndex = at;
    const quote = openingQuote.exec(text)?.[0];
    if (quote !== undefined) {
      at = quotedEnd(text, at + quote.length, quote);
      continue;
    }
    const character = text[at] ?? '';
    if (depth === 0 && ',}]'.includes(character)) return at;
    if ('{['.includes(character)) depth += 1;
    if ('}]'.includes(character)) depth -= 1;
    at += 1;
  }
  return text.length;
};

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

/** By the rules of recorded frames; undefined when it is no JSON that they can be told of. */
const maskedJson = (frame: string): string | undefined => {
  const parts = isJson(frame) ? sensitivePartsOfJson(frame) : undefined;
  const maskOf = ({ kind }: SensitivePart): string => (kind === 'userinfo' ? '***' : '"***"');
  return parts && withParts(frame, parts, maskOf);
};

/**
 * A frame as it may be kept: storable, at most 8 KiB, tags, passwords and vendors' data masked. What
 * is refused is often no JSON, or has a tag that is no text, so names are looked for besides a shape.
 */
export const maskedFrame = (frame: string): string => {
  const json = maskedJson(frame);
  if (json !== undefined) return storableText(maskedAfter(json, secretName), frameCharsMax);
  // Of which setting a value is, cannot be told here.
  const known = withoutAddressSecrets(maskedAfter(frame, secretName));
  const masked = isSecretName(frame) ? maskedAfter(known, valueName) : known;
  return storableText(masked, frameCharsMax);
};

/** Masks the values behind names. */
const maskedAfter = (frame: string, names: RegExp): string => {
  let masked = '';
  let done = 0;
  for (const { 0: name, 1: quote = '"', index } of frame.matchAll(names)) {
    if (index < done) continue;
    masked += `${frame.slice(done, index)}${name}${quote}***${quote}`;
    done = valueEnd(frame, index + name.length);
  }
  return masked + frame.slice(done);
};

/** What authorization is asked for: some chargers start with no tag at all, and that is a session. */
export const askedTag = (idTag: string): string => (idTag === '' ? '(none)' : storableText(idTag));
