import { connect, type Socket } from 'node:net';
import { eventually } from '@tallywatt/testing';
import { WebSocket } from 'ws';
import { GatewayStage, password, registration } from './testing/gateway-stage';

const perAddress = 12;
let stage: GatewayStage;
const open: (WebSocket | Socket)[] = [];

beforeAll(async () => {
  stage = await GatewayStage.start(undefined, {
    OCPP_FRAME_BYTES_MAX: '4096',
    OCPP_FRAMES_PER_SECOND: '1',
    OCPP_FRAMES_BURST: '40',
    OCPP_CONNECTIONS_PER_ADDRESS_MAX: String(perAddress),
    OCPP_HANDSHAKE_SECONDS: '1',
    // Who comes from this address is a proxy; the tests' other connections are not.
    OCPP_TRUSTED_PROXIES: '127.0.0.2',
  });
});
afterEach(async () => {
  for (const one of open.splice(0)) {
    if (one instanceof WebSocket) one.terminate();
    else one.destroy();
  }
  await stage.hangUp();
  expect(await stage.isAlive()).toBe(true);
});
afterAll(() => stage?.stop());

const limitsReached = async (limit: string): Promise<number> => {
  const found = new RegExp(`limits_reached_total\\{limit="${limit}"\\} (\\d+)`);
  return Number(found.exec(await stage.metrics())?.[1] ?? 0);
};

const dialled = async (id: string): Promise<WebSocket> => {
  await stage.api('/v1/charge-points', registration(id));
  const socket = new WebSocket(`ws://127.0.0.1:${stage.ocppPort}/ocpp/${id}`, ['ocpp1.6'], {
    auth: `${id}:${password}`,
  });
  open.push(socket);
  await new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject));
  return socket;
};

const closeCode = (socket: WebSocket): Promise<number> =>
  new Promise((resolve) => socket.on('close', resolve));

const heartbeat = (id: number): string => JSON.stringify([2, String(id), 'Heartbeat', {}]);

/** All that a plain socket is told until it is closed. */
const told = (socket: Socket): Promise<string> =>
  new Promise((resolve) => {
    let text = '';
    socket.on('data', (chunk) => (text += chunk.toString()));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(text));
  });

const plainSocket = (localAddress = '127.0.0.1'): Socket => {
  const socket = connect({ port: stage.ocppPort, host: '127.0.0.1', localAddress });
  socket.on('error', () => undefined);
  open.push(socket);
  return socket;
};

it('closes a flood of messages with 1008 and serves its neighbour', async () => {
  const neighbour = await stage.newCharger('CP-CALM');
  const socket = await dialled('CP-FLOOD');
  const closed = closeCode(socket);
  let answers = 0;
  socket.on('message', () => (answers += 1));
  for (let n = 0; n < 5_000; n += 1) socket.send(heartbeat(n));
  expect(await closed).toBe(1008);
  expect(answers).toBeLessThanOrEqual(45);
  expect(await limitsReached('frame-rate')).toBe(1);
  expect(await neighbour.call('Heartbeat', {})).toHaveProperty('currentTime');
});

it('closes a flood of pings with 1008', async () => {
  const socket = await dialled('CP-PING');
  const closed = closeCode(socket);
  for (let n = 0; n < 500; n += 1) socket.ping();
  expect(await closed).toBe(1008);
});

it('closes a connection whose frame is too big with 1009', async () => {
  const socket = await dialled('CP-BIG');
  const closed = closeCode(socket);
  socket.send(`[2,"1","DataTransfer",{"vendorId":"v","data":"${'x'.repeat(5_000)}"}]`);
  expect(await closed).toBe(1009);
  expect(await limitsReached('frame-size')).toBe(1);
});

it('does not wait for who says nothing, and not for who says it letter by letter', async () => {
  const silent = plainSocket();
  const drip = plainSocket();
  const request = 'GET /ocpp/CP-SLOW HTTP/1.1\r\nHost: x\r\nX-Padding: ';
  drip.write(request);
  const dripping = setInterval(() => drip.write('x'), 100);
  const answers = await Promise.all([told(silent), told(drip)]);
  clearInterval(dripping);
  expect(answers[1]).toContain('408 Request Timeout');
  await eventually(async () => expect(await limitsReached('handshake-time')).toBe(2));
});

it('takes no more connections of one address than its share', async () => {
  const before = await limitsReached('address');
  const sockets = Array.from({ length: perAddress + 3 }, () => plainSocket());
  await Promise.all(sockets.slice(perAddress).map(told));
  expect(await limitsReached('address')).toBe(before + 3);
});

it('counts chargers behind a trusted proxy by the address that the proxy names', async () => {
  const asked = (address: string): string =>
    `GET /ocpp/CP-NOBODY HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
    `X-Forwarded-For: 203.0.113.9, ${address}\r\nX-Forwarded-Proto: https\r\n` +
    `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n` +
    `Sec-WebSocket-Protocol: ocpp1.6\r\n\r\n`;
  const through = async (address: string): Promise<string> => {
    const socket = plainSocket('127.0.0.2');
    socket.write(asked(address));
    return told(socket);
  };
  const answers = await Promise.all(
    Array.from({ length: perAddress + 3 }, (_, n) => through(`198.51.100.${n}`)),
  );
  expect(answers.filter((answer) => answer.includes('404 Not Found'))).toHaveLength(perAddress + 3);
});
