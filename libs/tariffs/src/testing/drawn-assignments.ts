import { instantFromEpochMs } from '@tallywatt/time';
import fc from 'fast-check';
import type { SessionStart, TariffAssignment, TariffOffer, TariffVersion } from '../index';
import { byPrecedence } from '../index';

// Assignments and starts for properties and tables, of few names so that they meet.

const noon = Date.UTC(2026, 5, 1, 12);

export const assignment = (changes: Partial<TariffAssignment> = {}): TariffAssignment => ({
  assignmentId: 'a',
  tariffId: 'assigned',
  revision: 1n,
  priority: 0,
  driverGroups: [],
  chargePointIds: [],
  evseGroups: [],
  locationIds: [],
  siteGroups: [],
  weeklyWindows: [],
  assignedAt: '2026-05-01T00:00:00.000Z',
  ...changes,
});

export const sessionStart = (changes: Partial<SessionStart> = {}): SessionStart => ({
  at: instantFromEpochMs(noon),
  driverGroups: ['tier:retail'],
  chargePointId: 'CP-1',
  locationId: 'L-1',
  siteGroups: ['depots'],
  evseGroups: ['hpc'],
  timeZone: 'Europe/Berlin',
  currency: 'EUR',
  ...changes,
});

export const version = (tariffId: string, changes: Partial<TariffVersion> = {}): TariffVersion => ({
  reference: { tariffId, version: 1n, contentHash: '1'.repeat(64), billsParkingTime: false },
  currency: 'EUR',
  ...changes,
});

/** What there is to choose from; tariffs are in force unless told otherwise. */
export const offerOf = (
  assignments: readonly TariffAssignment[],
  versions: Readonly<Record<string, readonly TariffVersion[]>> = {},
): TariffOffer => ({
  assignments: [...assignments].sort(byPrecedence),
  chargePointTariffId: 'own',
  versionsOf: (tariffId) => ({ versions: versions[tariffId] ?? [version(tariffId)] }),
});

const some = (...names: readonly string[]) => fc.subarray([...names], { minLength: 0 });
const instant = fc
  .integer({ min: -20, max: 20 })
  .map((hours) => instantFromEpochMs(noon + hours * 3_600_000));
export const drawnWindow = fc.record(
  {
    weekdays: some('MONDAY', 'TUESDAY', 'SUNDAY'),
    startTime: fc.constantFrom('00:00', '06:00', '13:30', '22:00'),
    endTime: fc.constantFrom('00:00', '05:00', '14:30', '23:00'),
  },
  { requiredKeys: ['weekdays'] },
);

/** Any assignment; ids are made distinct by whoever draws several. */
export const drawnAssignment: fc.Arbitrary<TariffAssignment> = fc.record(
  {
    assignmentId: fc.constant('drawn'),
    tariffId: fc.constantFrom('T-1', 'T-2', 'T-3'),
    revision: fc.constant(1n),
    priority: fc.integer({ min: 0, max: 2 }),
    driverGroups: some('tier:member', 'tier:retail', 'group:g-1'),
    chargePointIds: some('CP-1', 'CP-2'),
    evseGroups: some('hpc', 'ac'),
    locationIds: some('L-1', 'L-2'),
    siteGroups: some('depots', 'city'),
    weeklyWindows: fc.array(drawnWindow, { maxLength: 2 }),
    validFrom: instant,
    validUntil: instant,
    assignedAt: instant,
  },
  {
    requiredKeys: [
      'assignmentId',
      'tariffId',
      'revision',
      'priority',
      'driverGroups',
      'chargePointIds',
      'evseGroups',
      'locationIds',
      'siteGroups',
      'weeklyWindows',
      'assignedAt',
    ],
  },
);

export const drawnAssignments = fc
  .array(drawnAssignment, { maxLength: 6 })
  .map((drawn) => drawn.map((one, index) => ({ ...one, assignmentId: `a-${index}` })));

export const drawnStart: fc.Arbitrary<SessionStart> = fc.record(
  {
    at: instant,
    driverGroups: some('tier:member', 'tier:retail', 'group:g-1', 'token-type:RFID'),
    chargePointId: fc.constantFrom('CP-1', 'CP-2'),
    locationId: fc.constantFrom('L-1', 'L-2'),
    siteGroups: some('depots', 'city'),
    evseGroups: some('hpc', 'ac'),
    timeZone: fc.constantFrom('Europe/Berlin', 'America/New_York'),
    currency: fc.constant('EUR'),
  },
  { requiredKeys: ['at', 'driverGroups', 'chargePointId', 'siteGroups', 'evseGroups', 'currency'] },
);
