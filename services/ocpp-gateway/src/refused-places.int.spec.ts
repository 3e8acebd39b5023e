import { connect, type Socket } from 'node:net';
import { eventually } from '@tallywatt/testing';
import { GatewayStage, password, registration } from './testing/gateway-stage';
import { RPCClient } from 'ocpp-rpc';

let stage: GatewayStage;
const clients: RPCClient[] = [];
const open: Socket[] = [];

beforeAll(async () => {
  stage = await GatewayStage.start(undefined, {
    OCPP_CONNECTIONS_PER_ADDRESS_MAX: '12',
    OCPP_HANDSHAKE_SECONDS: '1',
  });
});
afterEach(async () => {
  for (const socket of open.splice(0)) socket.destroy();
  await Promise.all(clients.splice(0).map((client) => client.close({ force: true })));
});
afterAll(() => stage?.stop());

const dial = async (id: string): Promise<void> => {
  const client = new RPCClient({
    endpoint: `ws://127.0.0.1:${stage.ocppPort}/ocpp`,
    identity: id,
    protocols: ['ocpp1.6'],
    password,
    reconnect: false,
  } as never);
  clients.push(client);
  await client.connect();
};

it('keeps no place for those whom it has refused', async () => {
  await stage.api('/v1/charge-points', registration('CP-HONEST'));
  const refused = async (): Promise<void> => {
    const socket = connect({ port: stage.ocppPort, host: '127.0.0.1', allowHalfOpen: true });
    open.push(socket);
    socket.on('error', () => undefined);
    socket.write(
      'GET /ocpp/CP-NOBODY HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n' +
        'Sec-WebSocket-Protocol: ocpp1.6\r\n\r\n',
    );
    await new Promise((resolve) => socket.once('data', resolve));
  };
  for (let n = 0; n < 12; n += 1) await refused();
  await eventually(async () => dial('CP-HONEST'), { timeoutMs: 60_000 });
});
