import { decodeFrame, encodeFrame } from './raw-websocket';

const mask = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);

describe('a frame to the server', () => {
  it('is that of RFC 6455 section 5.7: a masked text message "Hello"', () => {
    expect(encodeFrame(1, Buffer.from('Hello'), mask).toString('hex')).toBe(
      '818537fa213d7f9f4d5158',
    );
  });

  it.each([
    [125, '81fd'],
    [126, '81fe007e'],
    [65_536, '81ff0000000000010000'],
  ])('of %i bytes says its length', (length, head) => {
    const frame = encodeFrame(1, Buffer.alloc(length), mask);
    expect(frame.subarray(0, head.length / 2).toString('hex')).toBe(head);
    expect(frame).toHaveLength(head.length / 2 + 4 + length);
  });
});

describe('a frame from the server', () => {
  const hello = Buffer.from('810548656c6c6f', 'hex');

  it('is read when it is all there', () => {
    expect(decodeFrame(hello.subarray(0, 1))).toBeUndefined();
    expect(decodeFrame(hello.subarray(0, 6))).toBeUndefined();
    const decoded = decodeFrame(Buffer.concat([hello, hello]));
    expect(decoded?.frame.payload.toString()).toBe('Hello');
    expect(decoded?.frame.opcode).toBe(1);
    expect(decoded?.rest).toEqual(hello);
  });

  it('may be long', () => {
    const payload = Buffer.alloc(300, 'x');
    const frame = Buffer.concat([Buffer.from([0x81, 126, 0x01, 0x2c]), payload]);
    expect(decodeFrame(frame.subarray(0, 3))).toBeUndefined();
    expect(decodeFrame(frame)?.frame.payload).toEqual(payload);
  });
});
