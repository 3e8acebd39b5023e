import { closeDay, type DaySubject } from './day-close';

const nothing = {
  billedMinor: 0n,
  capturedMinor: 0n,
  refundedMinor: 0n,
  feesMinor: 0n,
  paidOutMinor: 0n,
  receivableMinor: 0n,
};
const session = (
  status: DaySubject['status'],
  currency: string,
  openFindings: number,
  amounts: Partial<DaySubject['amounts']>,
): DaySubject => ({ status, currency, openFindings, amounts: { ...nothing, ...amounts } });

const closedAt = '2026-11-21T06:00:00.000Z';

describe('a day', () => {
  it('counts its sessions and sums them by currency', () =>
    expect(
      closeDay(
        'default',
        '2026-11-20',
        [
          session('reconciled', 'EUR', 0, { billedMinor: 1190n, capturedMinor: 1190n }),
          session('discrepant', 'EUR', 2, { billedMinor: 10n, feesMinor: 3n, refundedMinor: 4n }),
          session('open', 'CHF', 1, { billedMinor: 500n, receivableMinor: 500n }),
          session('quarantined', 'EUR', 0, {}),
        ],
        closedAt,
      ),
    ).toEqual({
      type: 'DayClosed',
      cpoId: 'default',
      day: '2026-11-20',
      sessions: 4n,
      reconciled: 1n,
      openFindings: 3n,
      quarantined: 1n,
      totals: [
        {
          currency: 'CHF',
          billedMinor: 500n,
          capturedMinor: 0n,
          refundedMinor: 0n,
          feesMinor: 0n,
          receivableMinor: 500n,
        },
        {
          currency: 'EUR',
          billedMinor: 1200n,
          capturedMinor: 1190n,
          refundedMinor: 4n,
          feesMinor: 3n,
          receivableMinor: 0n,
        },
      ],
      closedAt,
    }));
  it('without sessions is a day too', () =>
    expect(closeDay('default', '2026-11-20', [], closedAt)).toMatchObject({
      sessions: 0n,
      totals: [],
    }));
});
