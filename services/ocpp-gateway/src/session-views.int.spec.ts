import { eventually } from '@tallywatt/testing';
import { sessionDetailSchema, sessionPageSchema } from './inbound/session-view-schema';
import { at, GatewayStage, registration, start, stop, values } from './testing/gateway-stage';
import { idToken, ocpp201, pluggedIn, unplugged } from './testing/ocpp201-words';

let stage: GatewayStage;

beforeAll(async () => {
  stage = await GatewayStage.start();
});
afterEach(() => stage?.hangUp());
afterAll(() => stage?.stop());

/** A list as its OpenAPI says it; more than that would be a fault. */
const listed = async (query: string) =>
  sessionPageSchema.parse((await stage.api(`/v1/sessions?${query}`)).body);
const detailed = async (id: string) =>
  sessionDetailSchema.parse((await stage.api(`/v1/sessions/${id}`)).body);

it('a session is shown as it was understood, each event with its place in Kafka', async () => {
  const { call } = await stage.newCharger('CP-SHOWN');
  const { transactionId } = await call('StartTransaction', start());
  const status = { connectorId: 1, errorCode: 'NoError' };
  await call('StatusNotification', { ...status, status: 'Charging', timestamp: at(1) });
  await call('StatusNotification', { ...status, status: 'SuspendedEV', timestamp: at(20) });
  for (let n = 0; n < 2; n += 1) await call('MeterValues', values(transactionId, '2.5', 10));
  await call('StopTransaction', stop(transactionId, { meterStop: 500, reason: 'PowerLoss' }));
  await call('StopTransaction', stop(transactionId, { meterStop: 6_000 }));
  const [summary] = (await listed('chargePointId=CP-SHOWN')).items;
  const id = summary?.id ?? '';
  await stage.api(`/v1/sessions/${id}/stop-correction`, {
    stoppedAt: at(30),
    registerWh: '6000.25',
    reason: 'Read from the meter.',
    releases: ['meter-ran-backwards'],
  });

  const seen = await eventually(async () => {
    const detail = await detailed(id);
    expect(detail.events.every(({ position }) => position !== null)).toBe(true);
    return detail;
  });
  expect(seen).toMatchObject({
    chargePointId: 'CP-SHOWN',
    connectorId: 1,
    ocppVersion: '1.6',
    ocppTransactionId: String(transactionId),
    tokenRef: 'ref-of-4',
    startedAt: at(0),
    stoppedAt: at(30),
    startRegisterWh: '1000',
    energyWh: '5000.25',
    duplicatesSeen: 1,
    isQuarantined: false,
    stop: { registerWh: '500', stopReason: 'PowerLoss' },
    conflictingStops: [{ registerWh: '6000', stopReason: 'Local' }],
    corrections: [{ registerWh: '6000.25', correctedBy: 'op', reason: 'Read from the meter.' }],
    readings: [{ registerMilliWh: '2500000', readAt: at(10) }],
    chargingStates: [
      { chargingState: 'Charging', changedAt: at(1) },
      { chargingState: 'SuspendedEV', changedAt: at(20) },
    ],
    quarantine: [{ reason: 'meter-ran-backwards', isReleased: true }],
  });
  const inKafka = await stage.inKafka(
    'charging.sessions.v1',
    (event) => 'sessionId' in event && event.sessionId === id,
  );
  expect(seen.events.map(({ id: eventId, position }) => [eventId, position?.offset])).toEqual(
    inKafka.map(({ metadata, position }) => [metadata.id, String(position.offset)]),
  );
});

it('one that runs, of OCPP 2.0.1, is shown with what is known of it', async () => {
  const { call } = await stage.newCharger('ST-SHOWN', ocpp201);
  await call('TransactionEvent', pluggedIn('TX-1', { idToken: idToken('GOOD') }));
  const [summary] = (await listed('chargePointId=ST-SHOWN')).items;
  const id = summary?.id ?? '';
  expect(await detailed(id)).toMatchObject({
    status: 'active',
    ocppTransactionId: 'TX-1',
    startRegisterWh: '1000',
    energyWh: null,
    stop: null,
    corrections: [],
  });
  await call('TransactionEvent', unplugged('TX-1', 1));
  expect(await detailed(id)).toMatchObject({ energyWh: '1500', stop: { registerWh: '2500' } });
});

it('a list has what was asked for, page by page', async () => {
  const id = 'CP-LISTED';
  const connectors = [1, 2].map((n) => ({ id: n, powerKwMax: 11 }));
  await stage.api('/v1/charge-points', { ...registration(id), connectors });
  const { call } = await stage.dial(id);
  for (const [minute, connectorId, tag] of [
    [0, 1, 'GOOD'],
    [10, 2, 'GOOD'],
    [20, 1, 'BLOCKED'],
    [30, 2, 'GOOD'],
  ] as const) {
    await call('StartTransaction', start(tag, { connectorId, timestamp: at(minute) }));
  }
  const startsOf = async (query: string) =>
    (await listed(`chargePointId=${id}&${query}`)).items.map(({ startedAt }) => startedAt);
  expect(await startsOf('')).toEqual([at(30), at(20), at(10), at(0)]);
  expect(await startsOf('connectorId=2')).toEqual([at(30), at(10)]);
  expect(await startsOf('quarantined=true')).toEqual([at(20)]);
  expect(await startsOf('quarantined=false&connectorId=1')).toEqual([at(0)]);
  expect(await startsOf('tokenRef=ref-of-7')).toEqual([at(20)]);
  expect(await startsOf(`startedFrom=${at(10)}&startedBefore=${at(30)}`)).toEqual([at(20), at(10)]);
  const first = await listed(`chargePointId=${id}&limit=3`);
  expect(first.items).toHaveLength(3);
  const rest = await listed(`chargePointId=${id}&limit=3&cursor=${first.next}`);
  expect(rest).toMatchObject({ items: [{ startedAt: at(0) }], next: null });
});

it.each(['quarantined=maybe', 'connectorId=-1', 'startedFrom=noon', 'status=gone'])(
  '%s is the fault of who asks',
  async (query) => expect(await stage.api(`/v1/sessions?${query}`)).toMatchObject({ status: 422 }),
);

it('what is shown is described by OpenAPI', async () => {
  const { body } = await stage.api('/docs-json');
  const { get } = body['paths']['/v1/sessions/{id}'];
  const { schema } = get.responses['200'].content['application/json'];
  expect(Object.keys(schema.properties)).toEqual(Object.keys(sessionDetailSchema.shape));
});
