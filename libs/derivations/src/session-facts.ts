import type {
  ChargingState,
  ChargingStateChanged,
  ClosedBy,
  MeterReading,
  SessionEvent,
  SessionQuarantined,
  SessionStarted,
  SessionStopped,
} from '@tallywatt/contracts';
import { unreachable } from '@tallywatt/decider';
import type {
  MeterPoint,
  Occupancy,
  OccupancySpan,
  OcpiTariff,
  RatedSession,
  RatingInput,
} from '@tallywatt/tariffs';
import { parseInstant, type Instant } from '@tallywatt/time';

/** What the price of a session depends on, as far as its events have told. */
export type SessionFacts = Readonly<{
  started: Omit<SessionStarted, 'type'>;
  readings: readonly MeterReading[];
  states: readonly Pick<ChargingStateChanged, 'changedAt' | 'chargingState'>[];
  stop?: Pick<SessionStopped, 'stoppedAt' | 'meterStopMilliWh'>;
  /** Why the session is quarantined; empty when it is not. */
  doubts: readonly Pick<SessionQuarantined, 'reason' | 'detail'>[];
  closedAt?: Instant;
  /** A session closed by its stop, or by no more than time, ends with it, corrected or not. */
  closedBy?: ClosedBy;
  /** Of a session that draws included energy: what it draws for. */
  settledEnergy?: SettledEnergy;
}>;

/**
 * What a closed session took, as it is known: 1 is the energy at its close, and each fact that
 * changes it counts on.
 */
export type SettledEnergy = Readonly<{ revision: number; energyMilliWh: bigint }>;

/** What the start of a session tells. */
export const factsOf = ({ type: _, ...started }: SessionStarted): SessionFacts => ({
  started,
  readings: [],
  states: [],
  doubts: [],
});

/**
 * The facts with one more; of the start, the stop and the close the first is the one that counts,
 * unless a person has corrected the stop.
 */
export const withFact = (facts: SessionFacts, event: SessionEvent): SessionFacts => {
  switch (event.type) {
    case 'SessionStarted':
    case 'StopConflicted':
    case 'TransactionGapNoticed':
    case 'TransactionGapHealed':
    case 'TransactionGapGivenUp':
      // Evidence for a review: the price rests on the first words.
      return facts;
    case 'MeterValuesRecorded':
      return { ...facts, readings: [...facts.readings, ...event.readings] };
    case 'ChargingStateChanged': {
      const { changedAt, chargingState } = event;
      return { ...facts, states: [...facts.states, { changedAt, chargingState }] };
    }
    case 'StopCorrected': {
      const { stoppedAt, meterStopMilliWh } = event;
      const closedAt = endsWithStop(facts.closedBy) ? stoppedAt : facts.closedAt;
      return {
        ...facts,
        stop: { stoppedAt, meterStopMilliWh },
        ...(closedAt === undefined ? {} : { closedAt }),
      };
    }
    case 'SessionStopped': {
      const { stoppedAt, meterStopMilliWh } = event;
      return facts.stop === undefined ? { ...facts, stop: { stoppedAt, meterStopMilliWh } } : facts;
    }
    case 'SessionClosed':
      return facts.closedAt === undefined
        ? { ...facts, closedAt: event.closedAt, closedBy: event.closedBy }
        : facts;
    case 'SessionQuarantined': {
      const { reason, detail } = event;
      const isKnown = facts.doubts.some((doubt) => doubt.reason === reason);
      return isKnown ? facts : { ...facts, doubts: [...facts.doubts, { reason, detail }] };
    }
    case 'SessionReleased':
      return { ...facts, doubts: facts.doubts.filter(({ reason }) => reason !== event.reason) };
    default:
      return unreachable(event);
  }
};

/** Nobody knows how long the vehicle stayed after a stop that no status followed. */
const endsWithStop = (closedBy: ClosedBy | undefined): boolean =>
  closedBy === 'stop' || closedBy === 'time-out';

export type StoppedFacts = SessionFacts & Required<Pick<SessionFacts, 'stop' | 'closedAt'>>;

/** The facts in the words of the rating function; the included energy is what was drawn. */
export const ratingInput = (
  facts: StoppedFacts,
  tariff: OcpiTariff,
  includedEnergyMilliWh?: bigint,
): RatingInput => {
  const { location, decision } = facts.started;
  return {
    tariff,
    timeZone: location.timeZone,
    currency: location.currency,
    taxRatePercent: location.taxRatePercent,
    session: meteredSession(facts),
    entitlement: {
      tier: decision.tier,
      discountPercent: decision.discountPercent,
      includedEnergyMilliWh,
    },
    siteGroups: location.siteGroups,
  };
};

/** The part of it that depends on no tariff: times, meter and vehicle. */
export const meteredSession = ({
  started,
  stop,
  closedAt,
  readings,
  states,
}: StoppedFacts): RatedSession => ({
  startMs: parseInstant(started.startedAt),
  stopMs: parseInstant(stop.stoppedAt),
  endMs: parseInstant(closedAt),
  meterStartMilliWh: started.meterStartMilliWh,
  meterStopMilliWh: stop.meterStopMilliWh,
  readings: readings.flatMap(meterPoint),
  states: occupancySpans(states, closedAt),
});

// An implausible register is kept in the log as evidence; nothing is interpolated from it.
const meterPoint = (reading: MeterReading): MeterPoint[] =>
  reading.implausibleReason === undefined
    ? [
        {
          atMs: parseInstant(reading.readAt),
          context: reading.context,
          registerMilliWh: reading.registerMilliWh,
          powerMilliW: reading.powerMilliW,
          currentMilliA: reading.currentMilliA,
        },
      ]
    : [];

/** Each state holds until the next one, the last until the session is closed. */
const occupancySpans = (states: SessionFacts['states'], closedAt: Instant): OccupancySpan[] => {
  const ordered = [...states].sort((left, right) =>
    left.changedAt < right.changedAt ? -1 : left.changedAt > right.changedAt ? 1 : 0,
  );
  return ordered.map(({ changedAt, chargingState }, index) => ({
    fromMs: parseInstant(changedAt),
    toMs: parseInstant(ordered[index + 1]?.changedAt ?? closedAt),
    state: occupancyOf(chargingState),
  }));
};

const occupancyOf = (state: ChargingState): Occupancy => {
  switch (state) {
    case 'Charging':
      return 'charging';
    case 'SuspendedEV':
      return 'suspended-ev';
    case 'SuspendedEVSE':
      return 'suspended-evse';
    case 'EVConnected':
      // The cable is in and no energy flows yet; nobody said that the vehicle wants none, so it
      // owes no idle time.
      return 'suspended-evse';
    case 'Idle':
      return 'idle';
    default:
      return unreachable(state);
  }
};
