import type { FleetEvent } from '../domain/fleet';
import { FleetIndex } from './fleet-index';

const fleet = { cpoId: 'default', fleetRef: '5b0e7c1a-9d2f-4e63-8a41-2c6d9e0f7b35' };
const registered = (revision: bigint, plan: string): FleetEvent => ({
  type: 'FleetRegistered',
  ...fleet,
  revision,
  plan,
  timeZone: 'UTC',
  registeredAt: '2026-11-01T00:00:00.000Z',
});

// As tokens are: by the number within the stream, which a database adopts from the log (ADR 15). The
// revision is counted by a row, which comes from a backup and may be older than the log.
const take = (index: FleetIndex, event: FleetEvent, sequence: bigint): void =>
  index.apply(event, sequence);

describe('fleets in memory', () => {
  it('know what was said last, also after a backup older than the log was restored', () => {
    const index = new FleetIndex();
    take(index, registered(1n, 'vans'), 1n);
    take(index, registered(2n, 'trucks'), 2n);
    // The row of the backup holds revision 1, so what is said next is numbered 2 again.
    take(
      index,
      { type: 'FleetClosed', ...fleet, revision: 2n, closedAt: '2026-11-20T00:00:00.000Z' },
      3n,
    );
    expect(index.find(fleet.cpoId, fleet.fleetRef).status).toBe('closed');
  });
});
