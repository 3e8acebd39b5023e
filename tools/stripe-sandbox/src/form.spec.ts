import { canonicalForm, decodeForm } from './form';
import { Parameters } from './parameters';

describe('a form-encoded request', () => {
  it('has nested names and lists', () => {
    const encoded =
      'amount=5000&metadata[session]=S%201&card[networks][preferred]=visa&expand[0]=a&expand[1]=b&types[]=x&types[]=y';
    expect(decodeForm(encoded)).toEqual({
      amount: '5000',
      card: { networks: { preferred: 'visa' } },
      expand: ['a', 'b'],
      metadata: { session: 'S 1' },
      types: ['x', 'y'],
    });
  });

  it('keeps the order of a list with more than ten items', () => {
    const encoded = Array.from({ length: 12 }, (_, index) => `types[${index}]=t${index}`).join('&');
    expect(decodeForm(encoded)['types']).toEqual(
      Array.from({ length: 12 }, (_, index) => `t${index}`),
    );
  });

  it('is the same request in any order, and another with another value', () => {
    const canonical = (encoded: string) => canonicalForm(decodeForm(encoded));
    expect(canonical('a=1&m[x]=2&m[y]=3')).toBe(canonical('m[y]=3&m[x]=2&a=1'));
    expect(canonical('a=1')).not.toBe(canonical('a=2'));
    expect(canonical('a[]=1&a[]=2')).not.toBe(canonical('a[]=2&a[]=1'));
  });

  it('cannot reach the prototype of objects', () => {
    decodeForm('__proto__[polluted]=1&constructor[prototype][polluted]=1');
    expect(({} as { polluted?: string }).polluted).toBeUndefined();
  });
});

describe('parameters', () => {
  const of = (encoded: string) => new Parameters(decodeForm(encoded));

  it('name what is wrong with them', () => {
    expect(() => of('a=1').allowOnly(['b'])).toThrow('Received unknown parameter: a');
    expect(() => of('a=x').integer('a')).toThrow('Invalid integer: x');
    expect(() => of('a=9007199254740993').integer('a')).toThrow('Invalid integer');
    expect(() => of('a=maybe').boolean('a')).toThrow('Invalid boolean: maybe');
    expect(() => of('').requiredText('a')).toThrow('Missing required param: a.');
    expect(() => of('card[x]=1').group('card')?.requiredText('number')).toThrow(
      'Missing required param: card[number].',
    );
  });

  it('merge metadata and remove what is set to nothing', () => {
    const before = { keep: '1', drop: '2' };
    expect(of('metadata[drop]=&metadata[add]=3').metadata(before)).toEqual({ add: '3', keep: '1' });
    expect(of('metadata=').metadata(before)).toEqual({});
    expect(() => of(`metadata[${'k'.repeat(41)}]=1`).metadata()).toThrow('at most 40');
  });
});
