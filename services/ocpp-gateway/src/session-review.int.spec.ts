import { at, GatewayStage, start, stop } from './testing/gateway-stage';

let stage: GatewayStage;

beforeAll(async () => {
  stage = await GatewayStage.start();
});
afterEach(() => stage?.hangUp());
afterAll(() => stage?.stop());

/** A session whose meter stopped below where it started. */
const backwards = async (chargePointId: string): Promise<string> => {
  const { call } = await stage.newCharger(chargePointId);
  const { transactionId } = await call('StartTransaction', start());
  await call('StopTransaction', { ...stop(transactionId), meterStop: 1 });
  const [session] = await stage.sessionsOf(chargePointId);
  return session?.id ?? '';
};

describe('a session that a person reviews', () => {
  it('is corrected and released in one word, once', async () => {
    const id = await backwards('CP-CORRECTED');
    const body = {
      stoppedAt: at(50),
      registerWh: '4000.5',
      reason: 'Photograph of the meter.',
      releases: ['meter-ran-backwards'],
    };
    const path = `/v1/sessions/${id}/stop-correction`;
    const answer = await stage.api(path, body);
    expect(answer).toMatchObject({
      status: 202,
      body: { isQuarantined: false, energyWh: '3000.5', stoppedAt: at(50) },
    });
    expect((await stage.api(path, { ...body, releases: [] })).status).toBe(202);
    expect(await stage.typesOf(id)).toEqual([
      'SessionStarted',
      'SessionStopped',
      'SessionQuarantined',
      'SessionClosed',
      'StopCorrected',
      'SessionReleased',
    ]);
  });

  it('is released of one doubt, by name', async () => {
    const id = await backwards('CP-RELEASED');
    const path = `/v1/sessions/${id}/release`;
    const wrong = await stage.api(path, { reason: 'clock-implausible', detail: 'looked' });
    expect(wrong).toMatchObject({
      status: 422,
      body: { type: 'urn:tallywatt:problem:doubt-unknown' },
    });
    const answer = await stage.api(path, { reason: 'meter-ran-backwards', detail: 'looked' });
    expect(answer).toMatchObject({ status: 202, body: { isQuarantined: false } });
  });

  it('is told what is wrong with what the person says', async () => {
    const id = await backwards('CP-WRONG');
    const path = `/v1/sessions/${id}/stop-correction`;
    const faulty = await stage.api(path, { stoppedAt: 'yesterday', registerWh: -1 });
    expect(faulty.status).toBe(422);
    const paths = (faulty.body['faults'] as { path: string }[]).map((fault) => fault.path);
    expect(paths).toEqual(expect.arrayContaining(['$.stoppedAt', '$.registerWh', '$.reason']));
    const early = { stoppedAt: '2026-11-20T09:00:00.000Z', registerWh: 4_000, reason: 'x' };
    expect(await stage.api(path, early)).toMatchObject({
      status: 422,
      body: { type: 'urn:tallywatt:problem:stop-before-start' },
    });
    const unknown = '/v1/sessions/3f0c9c1e-7c55-5d0e-9d51-5a1f0b7f2c10/stop-correction';
    const valid = { stoppedAt: at(50), registerWh: 4_000, reason: 'x' };
    expect((await stage.api(unknown, valid)).status).toBe(404);
  });
});
