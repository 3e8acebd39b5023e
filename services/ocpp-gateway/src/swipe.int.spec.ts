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
    await call('Heartbeat', {});
    await call('Authorize', { idTag: 'BEFORE' });
    await stage.servers.postgres.stop();
    const answer = await call('Authorize', { idTag: 'MEANWHILE' });
    expect(answer).toEqual({ idTagInfo: { status: 'Accepted' } });
    await stage.servers.postgres.start();
    expect(askedFor('MEANWHILE')).toHaveLength(1);
  });
});
