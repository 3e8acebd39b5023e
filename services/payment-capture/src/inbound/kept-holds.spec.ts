import type { SqlClient } from '@tallywatt/event-log';
import { releaseHoldsKept } from './kept-holds';

const tx = { query: async () => ({ rows: [], rowCount: 0 }) } as SqlClient;

it('lets a hold go although another cannot be', async () => {
  const released: string[] = [];
  const stuck: unknown[] = [];
  await releaseHoldsKept(
    {
      pool: tx,
      eventLog: { transaction: (work) => work(tx) },
      logger: { error: (about: unknown) => stuck.push(about) },
    },
    {
      holdsKept: async () => ['bad', 'good'].map((paymentId) => ({ cpoId: 'n', paymentId })),
      keepHoldNoLonger: async (_tx, { paymentId }) => {
        if (paymentId === 'bad') throw new Error('state and log disagree');
        released.push(paymentId);
      },
    },
  );
  expect(released).toEqual(['good']);
  expect(stuck).toMatchObject([{ paymentId: 'bad' }]);
});
