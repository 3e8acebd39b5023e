import 'reflect-metadata';
import type { ParkedRecord } from '@tallywatt/event-log';
import type { CallerIdentity } from './authentication';
import { parkedController } from './parked.controller';
import type { Problem } from './problem';

const parked = (key: string): ParkedRecord => ({
  consumer: 'ledger',
  topic: 'pricing.cdrs.v1',
  key,
  partition: 0,
  offset: 4n,
  kind: 'poison',
  reason: 'cannot be read',
  parkedAt: '2026-11-21T10:00:00.000Z',
});
const operatorOf = (cpoId: string): CallerIdentity => ({
  subject: 'somebody',
  cpoId,
  roles: ['operator'],
});

const replayed: string[] = [];
const Parked = parkedController(
  {
    listParked: async () => [parked('default/s-1'), parked('other/s-2'), parked('no stream')],
    replayParked: async ({ key }) => {
      replayed.push(key);
      if (key === 'default/s-1') throw new Error('still cannot be decoded');
      return { replayed: 2 };
    },
  },
  'default',
);
const controller = new Parked() as {
  list(caller: CallerIdentity): Promise<{ items: readonly ParkedRecord[] }>;
  replay(caller: CallerIdentity, place: object): Promise<{ replayed: number }>;
};
const replay = (cpoId: string, key: string): Promise<unknown> =>
  controller
    .replay(operatorOf(cpoId), { consumer: 'ledger', topic: 'pricing.cdrs.v1', key })
    .catch((error: unknown) => (error as Problem).details);

describe('parked records', () => {
  it.each([
    ['default', ['default/s-1', 'no stream']],
    ['other', ['other/s-2']],
    ['oth', []],
  ])('of %s are shown to its operator alone', async (cpoId, keys) => {
    const { items } = await controller.list(operatorOf(cpoId));
    expect(items.map(({ key }) => key)).toEqual(keys);
  });

  it('are handed out again by their own operator', async () => {
    expect(await replay('other', 'other/s-2')).toEqual({ replayed: 2 });
    expect(replayed).toEqual(['other/s-2']);
  });

  it('of another CPO do not exist', async () => {
    expect(await replay('other', 'default/s-1')).toMatchObject({
      status: 404,
      type: 'nothing-parked',
    });
    expect(replayed).not.toContain('default/s-1');
  });

  it('that fail again say why', async () =>
    expect(await replay('default', 'default/s-1')).toMatchObject({
      status: 409,
      detail: 'still cannot be decoded',
    }));
});
