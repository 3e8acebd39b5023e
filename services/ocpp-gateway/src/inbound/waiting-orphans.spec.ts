import type { SqlClient } from '@tallywatt/event-log';
import { CommitQueue } from '../outbound/commit-queue';
import type { OrphanStore } from '../outbound/orphan-store';
import type { SessionWatch } from '../outbound/session-watch';
import { watchSessions } from './silent-sessions';
import { attachOrphans } from './waiting-orphans';

const tx = { query: async () => ({ rows: [], rowCount: 0 }) } as SqlClient;
const silent = {
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
} as never;
const commits = () => new CommitQueue((work) => work(tx));

describe('one that cannot go on', () => {
  it('keeps no other charge point from its orphans', async () => {
    const matched: string[] = [];
    const orphans = {
      due: async () => ['CP-BAD', 'CP-GOOD'].map((id) => ({ cpoId: 'n', chargePointId: id })),
      match: async (_tx: unknown, { chargePointId }: { chargePointId: string }) => {
        if (chargePointId === 'CP-BAD') throw new Error('cannot be matched');
        matched.push(chargePointId);
        return 1;
      },
    } as unknown as OrphanStore;
    await attachOrphans({
      sql: tx,
      commits: commits(),
      orphans,
      logger: silent,
    }).catch(() => 0);
    expect(matched).toEqual(['CP-GOOD']);
  });

  it('keeps no other session from being asked after', async () => {
    const looked: string[] = [];
    const watch = {
      due: async () =>
        ['bad', 'good'].map((sessionId) => ({
          cpoId: 'n',
          sessionId,
          chargePointId: sessionId,
        })),
      look: async (_tx: unknown, { sessionId }: { sessionId: string }) => {
        if (sessionId === 'bad') throw new Error('cannot be looked at');
        looked.push(sessionId);
      },
    } as unknown as SessionWatch;
    await watchSessions({ sql: tx, commits: commits(), logger: silent }, watch).catch(() => 0);
    expect(looked).toEqual(['good']);
  });
});
