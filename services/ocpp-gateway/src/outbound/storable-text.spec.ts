import { maskedFrame, storableText } from './storable-text';

describe('a storable text', () => {
  it('keeps NUL and lone surrogates as escapes', () =>
    expect(storableText('a\0b\uD800c\uDC00')).toBe('a\\u0000b\\ud800c\\udc00'));

  it('is cut, and no character in half: that would be no text', () => {
    expect(storableText('abcd', 3)).toBe('abc');
    expect(storableText('ab🔌d', 4)).toBe('ab🔌');
    expect(storableText('ab🔌d', 3)).toBe('ab');
    expect(storableText(`${'c'.repeat(49)}😀`, 50)).toBe('c'.repeat(49));
  });

  it('leaves whole characters alone', () => expect(storableText('Köln 🔌')).toBe('Köln 🔌'));
});

describe('a masked frame', () => {
  it('shows no tag, escaped quotes included', () =>
    expect(maskedFrame('[2,"1","Authorize",{"idTag" : "AB\\"CD","x":1}]')).toBe(
      '[2,"1","Authorize",{"idTag" : "***","x":1}]',
    ));

  it('shows no tag of a frame that breaks off inside it', () =>
    expect(maskedFrame('[2,"1","Authorize",{"idTag":"ABCD')).toBe(
      '[2,"1","Authorize",{"idTag":"***"',
    ));

  it.each([
    ['{"idTag":12345678,"x":1}', '{"idTag":"***","x":1}'],
    ['{"idTag":["ABCD",{"a":"]"}],"x":1}', '{"idTag":"***","x":1}'],
    ['{"idTag":{"value":"AB}CD"}}', '{"idTag":"***"}'],
    [
      '{"info":"{\\"idTag\\":\\"ABCD\\",\\"x\\":1}"}',
      '{"info":"{\\"idTag\\":\\"***\\",\\"x\\":1}"}',
    ],
    ["{'idTag':'ABCD','x':1}", "{'idTag':'***','x':1}"],
    ['{"IDTAG":"ABCD","password":null}', '{"IDTAG":"***","password":"***"}'],
  ])('shows no tag that is no plain text: %s', (frame, kept) =>
    expect(maskedFrame(frame)).toBe(kept),
  );

  it('is made in time proportional to its length', () => {
    const startedMs = performance.now();
    maskedFrame('"idTag":{"'.repeat(25_000));
    maskedFrame(`"idTag":${'\\'.repeat(250_000)}`);
    expect(performance.now() - startedMs).toBeLessThan(5_000);
  });
});
