import { eventually } from '@tallywatt/testing';
import { GatewayStage, registration } from './testing/gateway-stage';

let stage: GatewayStage;

beforeAll(async () => {
  stage = await GatewayStage.start();
});
afterEach(() => stage.hangUp());
afterAll(() => stage.stop());

const askedFor = (idTag: string) =>
  stage.authorization.asked.filter((question) => question.idTag === idTag);

describe('a swipe', () => {
  it('is asked for together with others, each with its own answer', async () => {
    const [one, two, three] = await Promise.all([
      stage.newCharger('S-1'),
      stage.newCharger('S-2'),
      stage.newCharger('S-3'),
    ]);
    const answers = await Promise.all([
      one.call('Authorize', { idTag: 'GOOD' }),
      two.call('Authorize', { idTag: 'BLOCKED' }),
      three.call('Authorize', { idTag: 'REFERRED' }),
    ]);
    expect(answers).toEqual([
      { idTagInfo: { status: 'Accepted' } },
      { idTagInfo: { status: 'Blocked' } },
      { idTagInfo: { status: 'Accepted' } },
    ]);
    expect(askedFor('REFERRED').map(({ purpose }) => purpose)).toEqual(['authorize']);
  });

  it('is asked with the changed registration soon after', async () => {
    const { call } = await stage.newCharger('S-5');
    await call('Authorize', { idTag: 'TARIFF' });
    await stage.api('/v1/charge-points', { ...registration('S-5'), tariffId: 'T-2' });
    await eventually(async () => {
      await call('Authorize', { idTag: 'TARIFF' });
      expect(askedFor('TARIFF').map(({ tariffId }) => tariffId)).toContain('T-2');
    });
    expect(askedFor('TARIFF')[0]).toMatchObject({ tariffId: 'T-1' });
  });

  it('is answered while PostgreSQL is away', async () => {
    const { call } = await stage.newCharger('S-4');
    // One that is not written down yet would be sent away.
    await eventually(async () => {
      const { body } = await stage.api('/v1/charge-points/S-4');
      expect(body).toMatchObject({ isConnected: true });
    });
    await call('Authorize', { idTag: 'BEFORE' });
    await stage.servers.postgres.stop();
    const answer = await call('Authorize', { idTag: 'MEANWHILE' });
    expect(answer).toEqual({ idTagInfo: { status: 'Accepted' } });
    // All processes have one database: none is to be taken out of service for it.
    expect(await stage.ready('database')).toEqual({
      status: 200,
      state: expect.stringMatching(/^the database does not answer/),
    });
    await stage.servers.postgres.start();
    expect(askedFor('MEANWHILE')).toHaveLength(1);
  });
});

describe('while authorization and Kafka are away', () => {
  it('says so, stays ready and answers what needs neither', async () => {
    const { call } = await stage.newCharger('S-6');
    stage.authorization.stop();
    await stage.servers.kafka.stop();
    expect(await stage.ready('authorization')).toEqual({
      status: 200,
      state: expect.stringMatching(/^authorization is not reached at /),
    });
    expect(await stage.ready('consumers')).toMatchObject({ status: 200 });
    expect(await call('Heartbeat', {})).toHaveProperty('currentTime');
  });
});
