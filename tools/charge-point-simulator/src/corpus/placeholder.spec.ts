import type { Json } from './corpus-case';
import { differences, filled, type Scope } from './placeholder';

const scopeOf = (captured: Readonly<Record<string, Json>> = {}): Scope => ({
  nowMs: Date.parse('2026-11-20T16:00:00Z'),
  clockMs: () => Date.parse('2026-11-20T16:00:07Z'),
  captured: new Map(Object.entries(captured)),
});

describe('a placeholder', () => {
  it.each([
    ['{{now}}', '2026-11-20T16:00:00Z'],
    ['{{now-2h}}', '2026-11-20T14:00:00Z'],
    ['{{now+1d-30m+5s}}', '2026-11-21T15:30:05Z'],
    ['{{now as +05:30}}', '2026-11-20T21:30:00+05:30'],
    ['{{now-1h as -02:00}}', '2026-11-20T13:00:00-02:00'],
    ['{{now as blank}}', '2026-11-20 16:00:00Z'],
    ['{{clock}}', '2026-11-20T16:00:07Z'],
    ['{{tx}}', 42],
    ['[3,"{{tx}}",{}]', '[3,"42",{}]'],
  ])('%s is filled in as %p', (template, value) =>
    expect(filled({ at: [template] }, scopeOf({ tx: 42 }))).toEqual({ at: [value] }),
  );

  it('of nothing known is a fault of the case', () =>
    expect(() => filled('{{nobody}}', scopeOf())).toThrow('nothing is known as {{nobody}}'));
});

describe('an answer', () => {
  const misses = (template: Json, value: Json | undefined, captured = {}) =>
    differences(template, value, scopeOf(captured));

  it('may say more than was expected, and not less', () => {
    expect(misses({ a: 1 }, { a: 1, b: 2 })).toEqual([]);
    expect(misses({ a: 1, b: { c: [1] } }, { a: 2, b: { c: [2] } })).toEqual([
      '$.a: 2 instead of 1',
      '$.b.c[0]: 2 instead of 1',
    ]);
    expect(misses({ a: 1 }, [])).toEqual(['$: [] instead of an object']);
    expect(misses([1], [1, 2])).toEqual(['$: [1,2] instead of [1]']);
  });

  it('is kept under a name, and compared with it later', () => {
    const scope = scopeOf();
    expect(differences({ id: '{{=tx}}' }, { id: 7 }, scope)).toEqual([]);
    expect(differences('{{tx}}', 7, scope)).toEqual([]);
    expect(differences('{{tx}}', 8, scope)).toEqual(['$: 8 instead of 7']);
    expect(differences('{{=other not tx}}', 7, scope)).toEqual(['$: 7 is the same as tx']);
    expect(differences('{{=other not tx}}', 8, scope)).toEqual([]);
    expect(differences('{{=none}}', undefined, scope)).toEqual(['$: nothing to be kept as none']);
  });

  it.each([
    ['{{positive int32}}', 7, -1],
    ['{{instant}}', '2026-11-20T16:00:00Z', 'noon'],
    ['{{text}}', 'a', 1],
    ['{{absent}}', undefined, null],
    ['{{now}}', '2026-11-20T16:00:00.000Z', '2026-11-20T16:00:01Z'],
  ] as const)('%s is %p and not %p', (template, right, wrong) => {
    expect(misses(template, right)).toEqual([]);
    expect(misses(template, wrong)).toHaveLength(1);
  });
});
