import { isNestedTooDeeply, saidText } from './nesting';

const nested = (levels: number): unknown =>
  JSON.parse(`${'['.repeat(levels)}1${']'.repeat(levels)}`);

it.each([
  ['a text', 'x', false],
  ['nothing', null, false],
  ['64 levels', nested(64), false],
  ['65 levels', nested(65), true],
  ['what no stack has room for', nested(100_000), true],
  ['depth behind breadth', [1, { a: nested(64) }], true],
])('%s', (_, value, isDeep) => expect(isNestedTooDeeply(value)).toBe(isDeep));

it('what is nested too deeply is kept as that', () =>
  expect(saidText(['DataTransfer', nested(100_000), null])).toBe(
    '["DataTransfer","nested too deeply",null]',
  ));
