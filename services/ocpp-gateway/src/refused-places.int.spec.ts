import { connect, type Socket } from 'node:net';
import { eventually } from '@tallywatt/testing';
import { GatewayStage, type OtherGateway, password, registration } from './testing/gateway-stage';
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

describe('an unknown charger, where the operator lets it wait', () => {
  let gateway: OtherGateway;
  beforeAll(async () => {
    gateway = await stage.startOther(undefined, {
      OCPP_UNKNOWN_CHARGE_POINTS: 'pending',
      OCPP_PENDING_MAX: '2',
    });
    await stage.api('/v1/charge-points', registration('CP-KNOWN'));
  });
  afterEach(() => stage.hangUp());
  afterAll(() => gateway?.stop());

  const boots = {
    'ocpp1.6': { chargePointVendor: 'Example', chargePointModel: 'Wallbox 2' },
    'ocpp2.0.1': {
      reason: 'PowerUp',
      chargingStation: { vendorName: 'Example', model: 'Wallbox 2' },
    },
  };
  const wait = async (id: string, protocol: keyof typeof boots = 'ocpp1.6') => {
    const charger = await stage.dial(id, { protocol, ocppPort: gateway.ocppPort });
    const closed = new Promise((resolve) =>
      charger.client.once('disconnect', ({ code }: { code: number }) => resolve(code)),
    );
    const { status } = await charger.call('BootNotification', boots[protocol]);
    return { ...charger, status: status as string, closed };
  };
  const listed = async (status: string): Promise<string[]> => {
    const { body } = await stage.api(`/v1/charge-points?status=${status}`);
    return (body['items'] as { id: string }[]).map(({ id }) => id);
  };
  const factsOf = async (id: string): Promise<string[]> => {
    const isWanted = (event: object) => 'chargePointId' in event && event.chargePointId === id;
    const found = await stage.inKafka('charging.stations.v1', isWanted);
    return found.map(({ event }) => event.type);
  };

  it.each(['ocpp1.6', 'ocpp2.0.1'] as const)(
    'says BootNotification and nothing else, and is let in once it is registered (%s)',
    async (protocol) => {
      const id = `CP-NEW-${protocol}`;
      const waiting = await wait(id, protocol);
      expect(waiting.status).toBe('Pending');
      const securityError = { rpcErrorCode: 'SecurityError' };
      await expect(waiting.call('Heartbeat', {})).rejects.toMatchObject(securityError);
      expect((await waiting.call('BootNotification', boots[protocol])).status).toBe('Pending');
      expect(await listed('pending')).toEqual([id]);
      expect((await stage.api('/v1/charge-points', registration(id))).status).toBe(201);
      expect(await waiting.closed).toBe(1012);
      expect(await listed('pending')).toEqual([]);
      const { status, call } = await wait(id, protocol);
      expect(status).toBe('Accepted');
      expect(await call('Heartbeat', {})).toHaveProperty('currentTime');
      await eventually(async () =>
        expect(await factsOf(id)).toEqual([
          'ChargePointPending',
          'StationConnected',
          'StationBooted',
        ]),
      );
    },
  );

  it('is refused by the operator, until he registers it', async () => {
    const waiting = await wait('CP-STRANGER');
    const refuse = () => stage.api('/v1/charge-points/CP-STRANGER/refusal', { reason: 'not ours' });
    expect((await refuse()).status).toBe(200);
    expect(await waiting.closed).toBe(1008);
    expect((await refuse()).status).toBe(404);
    await expect(wait('CP-STRANGER')).rejects.toMatchObject({ code: 403 });
    expect(await listed('refused')).toEqual(['CP-STRANGER']);
    await stage.api('/v1/charge-points', registration('CP-STRANGER'));
    expect((await wait('CP-STRANGER')).status).toBe('Accepted');
  });

  it('finds no place among many, nor at a CPO that there is not', async () => {
    await wait('CP-FLOOD-1');
    await wait('CP-FLOOD-2');
    await expect(wait('CP-FLOOD-3')).rejects.toMatchObject({ code: 404 });
    // What waits is remembered when it has gone.
    await stage.hangUp();
    await expect(wait('CP-FLOOD-3')).rejects.toMatchObject({ code: 404 });
    expect((await wait('CP-FLOOD-1')).status).toBe('Pending');
    await expect(wait('nobody%2FCP-1')).rejects.toMatchObject({ code: 400 });
    await stage.pool.query(
      `UPDATE pending_charge_points SET touched_at = now() - interval '8 days'`,
    );
    expect((await wait('CP-FLOOD-3')).status).toBe('Pending');
    expect(await listed('pending')).toEqual(['CP-FLOOD-3']);
  });

  it('is refused where nothing else is said', async () => {
    await expect(stage.dial('CP-UNKNOWN')).rejects.toMatchObject({ code: 404 });
  });
});
