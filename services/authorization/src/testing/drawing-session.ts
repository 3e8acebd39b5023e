import { derivedId, type SessionEvent } from '@tallywatt/contracts';

/** A driver with energy included each month, and where its sessions are. */
export type Drawer = Readonly<{ cpoId: string; subjectRef: string; monthlyMilliWh: bigint }>;

const kWh = 1_000_000n;
const meterStartMilliWh = 1_000n * kWh;

/** A session that starts at an instant and takes so many kWh within an hour. */
export const sessionOf = (
  { cpoId, ...includedEnergy }: Drawer,
  name: string,
  startedAt: string,
  energyKWh: bigint,
): readonly SessionEvent[] => {
  const identity = { cpoId, sessionId: derivedId(cpoId, 'drawing-session', name) };
  const stoppedAt = new Date(Date.parse(startedAt) + 3_600_000).toISOString();
  return [
    {
      type: 'SessionStarted',
      ...identity,
      chargePointId: 'CP-1',
      connectorId: 1,
      ocppVersion: '1.6',
      ocppTransactionId: '1',
      occurrence: 1,
      meterStartMilliWh,
      startedAt,
      powerWMax: 22_000n,
      location: { locationId: 'LOC-1', timeZone: 'Europe/Berlin', currency: 'EUR' },
      decision: {
        decisionId: derivedId(cpoId, name),
        status: 'Accepted',
        tokenRef: 'token-1',
        driverRef: includedEnergy.subjectRef,
        tier: 'home',
        paymentRoute: 'card',
        rule: 'member-entitled',
        decidedAt: startedAt,
        includedEnergy,
      },
    },
    {
      type: 'SessionStopped',
      ...identity,
      stoppedAt,
      meterStopMilliWh: meterStartMilliWh + energyKWh * kWh,
      stopReason: 'Local',
    },
    { type: 'SessionClosed', ...identity, closedAt: stoppedAt, closedBy: 'stop' },
  ];
};

/** A person has found that the session took something else. */
export const correctionOf = (session: readonly SessionEvent[], energyKWh: bigint): SessionEvent => {
  const [stop] = session.filter((event) => event.type === 'SessionStopped');
  if (stop === undefined) throw new Error('the session has not stopped');
  return {
    type: 'StopCorrected',
    cpoId: stop.cpoId,
    sessionId: stop.sessionId,
    stoppedAt: stop.stoppedAt,
    meterStopMilliWh: meterStartMilliWh + energyKWh * kWh,
    correctedBy: 'operator@example.org',
    reason: 'Photograph of the meter.',
  };
};
