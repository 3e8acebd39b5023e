// At most eight backslashes: an endless run of them must not be read again from each of its places.
const secretName =
  /(\\{0,8}["'])(?:idTag|parentIdTag|idToken|groupIdToken|additionalIdToken|password|authorizationKey|key)\1\s*:\s*/gi;
const openingQuote = /\\{0,8}["']/y;
const frameCharsMax = 8_192;

/**
 * A text PostgreSQL can keep: NUL and lone surrogates, which JSON allows and a database refuses, are
 * written as their escapes.
 */
export const storableText = (text: string): string =>
  text.replace(
    /\0|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

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

/**
 * A frame as it may be kept: storable, at most 8 KiB, tags and passwords masked. What is refused is
 * often no JSON, or has a tag that is no text, so names are looked for and not a shape.
 */
export const maskedFrame = (frame: string): string => {
  let masked = '';
  let done = 0;
  for (const { 0: name, 1: quote = '"', index } of frame.matchAll(secretName)) {
    if (index < done) continue;
    masked += `${frame.slice(done, index)}${name}${quote}***${quote}`;
    done = valueEnd(frame, index + name.length);
  }
  return storableText(masked + frame.slice(done)).slice(0, frameCharsMax);
};

/** What authorization is asked for: some chargers start with no tag at all, and that is a session. */
export const askedTag = (idTag: string): string => (idTag === '' ? '(none)' : storableText(idTag));
