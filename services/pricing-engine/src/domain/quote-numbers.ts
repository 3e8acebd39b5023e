import {
  decimalFromJsonNumber,
  decimalToString,
  InvalidDecimal,
  trimDecimal,
} from '@tallywatt/money';
import type { TariffFault } from '@tallywatt/tariffs';

// A number whose digits a double cannot keep is 16 characters or longer.
const suspicious = /[\d.]{16}|\d[eE][+-]?\d/;

/**
 * The numbers of a JSON text that reading it changes, by JSON path: a double keeps 15 digits
 * always and more only sometimes, and a price from other digits than were written is a guess.
 * The text must be JSON.
 */
export const changedNumbers = (text: string): TariffFault[] => {
  if (!suspicious.test(text)) return [];
  const faults: TariffFault[] = [];
  // One entry per open object or list: the name or the index at which the text is.
  const places: { isList: boolean; at: string | number }[] = [];
  let name: string | undefined;
  for (const [token] of text.matchAll(tokens)) {
    const place = places.at(-1);
    if (token === '{' || token === '[') places.push({ isList: token === '[', at: 0 });
    else if (token === '}' || token === ']') places.pop();
    else if (token === ',') {
      if (place?.isList === true) place.at = Number(place.at) + 1;
    } else if (token === ':') {
      if (place !== undefined) place.at = JSON.parse(name ?? '""') as string;
    } else if (token.startsWith('"')) name = token;
    else if (!isKept(token)) {
      const path = places.map(({ isList, at }) => (isList ? `[${at}]` : `.${at}`)).join('');
      const message = `expected a number of up to 15 digits, found ${token.slice(0, 60)}`;
      faults.push({ path: `$${path}`, message });
    }
  }
  return faults;
};

const tokens = /"(?:[^"\\]|\\.)*"|[{}[\],:]|-?\d[\d.eE+-]*/g;

const isKept = (token: string): boolean => {
  try {
    const read = trimDecimal(decimalFromJsonNumber(Number(token)));
    return decimalToString(read) === plainDigits(token);
  } catch (error) {
    // What no decimal can be made of is refused where it is read, if anybody reads it.
    if (error instanceof InvalidDecimal) return true;
    throw error;
  }
};

/** The digits of a JSON number without exponent and without zeros that say nothing. */
const plainDigits = (token: string): string => {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(token) ?? [];
  const shift = Number(exponent);
  // Beyond this the number itself has been refused, or is zero.
  if (Math.abs(shift) > 400) return '0';
  const digits = whole + fraction;
  const point = whole.length + shift;
  const padded = point <= 0 ? '0'.repeat(1 - point) + digits : digits.padEnd(point, '0');
  const at = Math.max(point, 1);
  const left = padded.slice(0, at).replace(/^0+(?=\d)/, '');
  const right = padded.slice(at).replace(/0+$/, '');
  const text = right === '' ? left : `${left}.${right}`;
  return text === '0' ? '0' : sign + text;
};
