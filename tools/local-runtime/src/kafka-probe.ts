import { connect } from 'node:net';

const metadataRequest = (): Buffer => {
  const clientId = Buffer.from('tallywatt');
  const body = Buffer.alloc(8 + 2 + clientId.length + 4);
  body.writeInt16BE(3, 0); // Metadata
  body.writeInt16BE(1, 2); // version 1
  body.writeInt32BE(1, 4); // correlation id
  body.writeInt16BE(clientId.length, 8);
  clientId.copy(body, 10);
  body.writeInt32BE(0, 10 + clientId.length); // no topics, brokers only
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length);
  return Buffer.concat([length, body]);
};

/**
 * Asks a broker for the cluster's metadata (Kafka protocol, Metadata v1) and says whether it names at
 * least one live broker. An open port is not enough: it opens before the broker serves.
 */
export const kafkaAnswers = (port: number, timeoutMs: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const finish = (answer: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => finish(false), timeoutMs);
    let received = Buffer.alloc(0);
    socket.on('connect', () => socket.write(metadataRequest()));
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      // Length, correlation id, then the array of brokers.
      if (received.length >= 12) finish(received.readInt32BE(8) > 0);
    });
    socket.on('error', () => finish(false));
    socket.on('close', () => finish(false));
  });
