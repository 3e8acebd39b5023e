import { isRetriable, isSerializationFailure, NotYetKnown, RetriableError } from './failure';

const withCode = (code: string): Error => Object.assign(new Error('from pg'), { code });

describe('the world misbehaves', () => {
  it.each([
    ...['08006', '57P01', '57P03', '57014', '53300', '40001', '40P01', '55P03', '25P03', '25006'],
  ])('SQLSTATE %s is tried again', (code) => expect(isRetriable(withCode(code))).toBe(true));
  it.each(['ECONNRESET', 'ECONNREFUSED', 'EPIPE'])('%s is tried again', (code) =>
    expect(isRetriable(withCode(code))).toBe(true),
  );
  it('a lost connection that pg reports without a code is tried again', () =>
    expect(isRetriable(new Error('Connection terminated unexpectedly'))).toBe(true));
  it('is recognised behind the words of an adapter', () =>
    expect(isRetriable(new Error('cannot write the CDR', { cause: withCode('57P01') }))).toBe(
      true,
    ));
  it('waiting for another topic is tried again', () => {
    expect(isRetriable(new NotYetKnown('tariff T version 3'))).toBe(true);
    expect(new NotYetKnown('tariff T version 3').message).toBe('waiting for tariff T version 3');
    expect(isRetriable(new RetriableError('busy'))).toBe(true);
  });
});

describe('an invariant is broken', () => {
  it.each(['23505', '22P02', '42P01', '25P02'])('SQLSTATE %s is not tried again', (code) =>
    expect(isRetriable(withCode(code))).toBe(false),
  );
  it('an error without any mark is not tried again', () =>
    expect(isRetriable(new Error('debits do not equal credits'))).toBe(false));
  it('what is no error is not tried again', () => expect(isRetriable('text')).toBe(false));
});

it('knows what PostgreSQL wants to be run again', () => {
  expect(isSerializationFailure(withCode('40001'))).toBe(true);
  expect(isSerializationFailure(withCode('23505'))).toBe(false);
});
