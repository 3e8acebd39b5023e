const headLength = 8;

/**
 * Watches a byte stream of length-prefixed Kafka messages and calls back with the first bytes of each,
 * as soon as eight have come, however the stream is cut into chunks.
 */
export const kafkaFrames = (onHead: (head: Buffer) => void): ((chunk: Buffer) => void) => {
  let prefix = Buffer.alloc(0);
  let head = Buffer.alloc(0);
  let remaining = 0;
  return (chunk) => {
    let rest = chunk;
    while (rest.length > 0) {
      if (remaining === 0) {
        const taken = rest.subarray(0, 4 - prefix.length);
        prefix = Buffer.concat([prefix, taken]);
        rest = rest.subarray(taken.length);
        if (prefix.length < 4) return;
        remaining = prefix.readInt32BE(0);
        prefix = Buffer.alloc(0);
        head = Buffer.alloc(0);
        continue;
      }
      const taken = rest.subarray(0, remaining);
      if (head.length < headLength) {
        const more = taken.subarray(0, headLength - head.length);
        head = Buffer.concat([head, more]);
        const isWhole = head.length === headLength || more.length === remaining;
        if (isWhole) onHead(head);
      }
      remaining -= taken.length;
      rest = rest.subarray(taken.length);
    }
  };
};
