import { decimalFromJsonNumber, decimalFromString, trimDecimal } from '@tallywatt/money';
import fc from 'fast-check';
import { changedNumbers } from './quote-numbers';

const pathsOf = (text: string): string[] => changedNumbers(text).map(({ path }) => path);

describe('a number in JSON', () => {
  it.each(['0.1', '1.10', '1e-7', '5E3', '-0', '0.3333333333333333', '9007199254740991', '100e-2'])(
    '%s is read as it was written',
    (number) => expect(pathsOf(`{"a":"0.30000000000000004123","b":${number}}`)).toEqual([]),
  );

  it('with more digits than a double keeps is found, wherever it is', () => {
    const text =
      '{"tariff": {"elements": [{}, {"price": 0.1234567890123456789}]}, "a \\"b": [1, [2, 1234567890.12345678]],' +
      ' "c": {"d": "x:1,2", "e": 0.10000000000000001}, "f": 0.5}';
    expect(pathsOf(text)).toEqual(['$.tariff.elements[1].price', '$.a "b[1][1]', '$.c.e']);
  });

  it('is kept exactly when the decimal that is read has the digits that were written', () =>
    fc.assert(
      fc.property(fc.bigInt(0n, 10n ** 19n), fc.integer({ min: 0, max: 19 }), (digits, scale) => {
        const padded = digits.toString().padStart(scale + 1, '0');
        const at = padded.length - scale;
        const text = scale === 0 ? padded : `${padded.slice(0, at)}.${padded.slice(at)}`;
        if (Number(text) > Number.MAX_SAFE_INTEGER) return;
        const written = trimDecimal(decimalFromString(text));
        const read = trimDecimal(decimalFromJsonNumber(Number(text)));
        const isKept = written.unscaled === read.unscaled && written.scale === read.scale;
        expect(pathsOf(`{"n":${text}}`)).toEqual(isKept ? [] : ['$.n']);
      }),
      { numRuns: 2000 },
    ));
});
