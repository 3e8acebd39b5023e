import { eventually } from '@tallywatt/testing';
import {
  sessionDetailSchema,
  sessionPageSchema,
  signedValuesPageSchema,
} from './inbound/session-view-schema';
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

describe('what the meter signed', () => {
  const ocmf = (n: number): string =>
    `OCMF|{"FV":"1.0","PG":"T${n}","ID":"04A1B2C3","RD":[{"RV":${n}.10,"RU":"kWh"}]}|{"SD":"30\\/ö${'ab'.repeat(1_500)}"}`;
  const signedValuesOf = async (sessionId: string, query = '') => {
    const { body } = await stage.api(`/v1/sessions/${sessionId}/signed-values?${query}`);
    return signedValuesPageSchema.parse(body);
  };
  const allOf = (page: Awaited<ReturnType<typeof signedValuesOf>>) =>
    page.items.flatMap(({ values: all }) => all);
  const sample = (n: number, context: string) => ({
    value: ocmf(n),
    format: 'SignedData',
    context,
  });

  it('is kept byte for byte with its readings, once, and shown to who says why', async () => {
    const { call } = await stage.newCharger('CP-SIGNED');
    const { transactionId } = await call('StartTransaction', start());
    const report = {
      connectorId: 1,
      transactionId,
      meterValue: [
        {
          timestamp: at(1),
          sampledValue: [{ value: '1.5', unit: 'kWh' }, sample(1, 'Sample.Periodic')],
        },
      ],
    };
    // The same words again, encrypted anew, are the same report.
    for (let n = 0; n < 2; n += 1) await call('MeterValues', report);
    const end = { timestamp: at(30), sampledValue: [sample(2, 'Transaction.End')] };
    await call('StopTransaction', stop(transactionId, { idTag: 'GOOD', transactionData: [end] }));
    const [summary] = (await listed('chargePointId=CP-SIGNED')).items;
    const id = summary?.id ?? '';
    const sealed = await signedValuesOf(id);
    expect(allOf(sealed).map(({ data }) => data)).toEqual([null, null]);
    expect(
      (await detailed(id)).events.map(({ event }) => JSON.stringify(event)).join(),
    ).not.toMatch(/OCMF|04A1B2C3/);
    const { rows: kept } = await stage.pool.query<{ value: string }>(
      `SELECT value FROM event_log.outbox WHERE value LIKE '%04A1B2C3%'`,
    );
    expect(kept).toEqual([]);
    const shown = await signedValuesOf(id, 'decryptedFor=a%20complaint');
    expect(allOf(shown)).toMatchObject([
      { readAt: at(1), context: 'Sample.Periodic', data: ocmf(1) },
      { readAt: at(30), context: 'Transaction.End', data: ocmf(2) },
    ]);
    const { rows } = await stage.pool.query(
      'SELECT shown_to, reason FROM signed_value_disclosures WHERE session_id = $1',
      [id],
    );
    expect(rows).toEqual([{ shown_to: 'op', reason: 'a complaint' }]);

    // What names the token goes with the token: the stop's, and not what only its charge point said.
    await stage.api('/v1/frames/erasures', { idToken: 'GOOD' });
    const erased = await signedValuesOf(id, 'decryptedFor=a%20complaint');
    expect(allOf(erased).map(({ data }) => data)).toEqual([ocmf(1), null]);
  });

  it('is kept with what OCPP 2.0.1 says about it', async () => {
    const { call } = await stage.newCharger('ST-SIGNED', ocpp201);
    const signedMeterValue = {
      signedMeterData: ocmf(3).slice(0, 2_500),
      signingMethod: 'ECDSA-secp256r1-SHA256',
      encodingMethod: 'OCMF',
      publicKey: '3059301306',
    };
    const meterValue = [
      {
        timestamp: at(0),
        sampledValue: [{ value: 1_000, context: 'Transaction.Begin', signedMeterValue }],
      },
    ];
    const begin = pluggedIn('TX-S', { idToken: idToken('GOOD'), meterValue });
    for (let n = 0; n < 2; n += 1) await call('TransactionEvent', begin);
    const [summary] = (await listed('chargePointId=ST-SIGNED')).items;
    const { signedMeterData: data, ...about } = signedMeterValue;
    expect(allOf(await signedValuesOf(summary?.id ?? '', 'decryptedFor=proof'))).toMatchObject([
      { ...about, data, measurand: null },
    ]);
  });

  it('is nobody’s where there is no such session', async () =>
    expect(
      await stage.api('/v1/sessions/3f0c9c1e-7c55-5d0e-9d51-5a1f0b7f2c10/signed-values'),
    ).toMatchObject({ status: 404 }));
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
