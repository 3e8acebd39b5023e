import type { TariffAssigned } from '@tallywatt/contracts';
import { areTied, type TariffVersions } from '@tallywatt/tariffs';
import type { Instant } from '@tallywatt/time';

export type AssignmentWarning = Readonly<{ path: string; message: string }>;

/** What a person may not have meant, by JSON path. `others` are the assignments that stand. */
export const assignmentWarnings = (
  assigned: TariffAssigned,
  others: readonly TariffAssigned[],
): readonly AssignmentWarning[] => [
  ...(asksNothing(assigned)
    ? [
        {
          path: '$',
          message:
            "asks nothing: it takes the place of every charge point's own tariff, for every driver",
        },
      ]
    : []),
  ...others
    .filter((other) => areTied(assigned, other))
    .map((other) => ({ path: '$.priority', message: tieOf(assigned, other) })),
];

/** A tariff whose dates are over prices no start. What begins later may be assigned before. */
export const expiredWarnings = (
  tariffId: string,
  tariff: TariffVersions | undefined,
  now: Instant,
): readonly AssignmentWarning[] => {
  const ends = (tariff?.versions ?? []).map(({ validUntil }) => validUntil);
  if (ends.length === 0 || ends.some((end) => end === undefined || end > now)) return [];
  const message = `tariff ${tariffId} has no version in force, now or later: it holds no start`;
  return [{ path: '$.tariffId', message }];
};

const asksNothing = (assigned: TariffAssigned): boolean =>
  [
    assigned.driverGroups,
    assigned.chargePointIds,
    assigned.evseGroups,
    assigned.locationIds,
    assigned.siteGroups,
    assigned.weeklyWindows,
  ].every(({ length }) => length === 0);

const tieOf = (assigned: TariffAssigned, other: TariffAssigned): string => {
  const [first] = [assigned, other].sort((one, two) => (one.assignedAt < two.assignedAt ? 1 : -1));
  const winner = first === assigned ? 'this one' : 'that one';
  return (
    `ties with assignment ${other.assignmentId} of tariff ${other.tariffId}: some start is held by ` +
    `both, with one priority and equally specific; ${winner} wins, being assigned later`
  );
};
