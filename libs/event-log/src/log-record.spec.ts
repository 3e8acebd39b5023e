import { headerBytes, keyText, storableText, storedHeaders } from './log-record';

describe('what PostgreSQL cannot store as text', () => {
  const odd = Buffer.from([0xff, 0x00, 0x61]);
  it('keeps headers byte for byte', () => {
    const headers = { ce_id: Buffer.from('é'), odd, nul: Buffer.from('a\u0000b') };
    const stored = storedHeaders(headers);
    expect(JSON.stringify(stored)).not.toContain('\\u0000');
    expect(headerBytes(stored)).toEqual(headers);
  });
  it('names keys that are no text', () => {
    expect(keyText(Buffer.from('cpo/s-1'))).toBe('cpo/s-1');
    expect(keyText(odd)).toBe('base64:/wBh');
    expect(keyText(null)).toBe('');
  });
  it('cleans reasons', () => {
    expect(storableText('a\u0000b')).toBe('a\\u0000b');
    expect(storableText('\ud800')).toBe('\ufffd');
    expect(storableText('x'.repeat(50), 10)).toHaveLength(10);
  });
});
