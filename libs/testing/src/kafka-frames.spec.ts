import { kafkaFrames } from './kafka-frames';

const message = (body: Buffer): Buffer => {
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length);
  return Buffer.concat([length, body]);
};

describe('the frames of a Kafka stream', () => {
  const bodies = ['0123456789', 'abcdefgh', 'WXYZ'].map((text) => Buffer.from(text));
  const stream = Buffer.concat(bodies.map(message));
  const heads = ['01234567', 'abcdefgh', 'WXYZ'];

  it.each(Array.from({ length: stream.length }, (_, index) => index + 1))(
    'are found in chunks of %i bytes',
    (size) => {
      const seen: string[] = [];
      const watch = kafkaFrames((head) => seen.push(head.toString()));
      for (let at = 0; at < stream.length; at += size) watch(stream.subarray(at, at + size));
      expect(seen).toEqual(heads);
    },
  );
});
