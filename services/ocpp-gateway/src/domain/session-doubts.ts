import type { SessionStarted } from '@tallywatt/contracts';
import type { Instant } from '@tallywatt/time';
import { clockFault } from './clock';
import {
  canHaveRisen,
  type MeterBounds,
  type MeterTrack,
  registerSlackMilliWh,
} from './meter-track';
import type { Stop } from './stop';

/** Why a session is not billable as it stands. */
export type QuarantineReason =
  | 'token-not-accepted'
  | 'tariff-unknown'
  | 'connector-unknown'
  | 'clock-implausible'
  | 'meter-implausible'
  | 'meter-ran-backwards'
  | 'meter-jumped'
  | 'stop-unreadable'
  | 'stop-estimated'
  | 'stop-after-close'
  | 'start-register-unknown'
  | 'stop-register-unknown';

export type Doubt = Readonly<{ reason: QuarantineReason; detail: string }>;

/** What keeps a session from being billed from its first word on. */
export const startDoubts = (started: Omit<SessionStarted, 'type'>, now: Instant): Doubt[] => {
  const { decision } = started;
  const doubts: Doubt[] = [];
  const clock = clockFault(started.startedAt, now);
  if (decision.status !== 'Accepted') {
    doubts.push({ reason: 'token-not-accepted', detail: `${decision.status}: ${decision.rule}` });
  }
  if (decision.tariff === undefined) {
    doubts.push({
      reason: 'tariff-unknown',
      detail: 'no tariff version was in force at the start',
    });
  }
  if (started.powerWMax === 0n) {
    const detail = `connector ${started.connectorId} is not in the charge point's registration`;
    doubts.push({ reason: 'connector-unknown', detail });
  }
  if (clock !== undefined) doubts.push({ reason: 'clock-implausible', detail: `start: ${clock}` });
  if (started.meterStartMilliWh < 0n) {
    const detail = `meter start is ${started.meterStartMilliWh} mWh`;
    doubts.push({ reason: 'meter-implausible', detail });
  }
  return doubts;
};

/** What cannot be right about a stop: its time, or a meter no connector can have driven there. */
export const stopDoubts = (
  session: MeterBounds & Readonly<{ track: MeterTrack }>,
  stop: Stop,
  now: Instant,
): Doubt[] => {
  const doubts: Doubt[] = [];
  const clock = clockFault(stop.stoppedAt, now);
  const isEarly = stop.stoppedAt < session.startedAt;
  if (clock !== undefined) doubts.push({ reason: 'clock-implausible', detail: `stop: ${clock}` });
  else if (isEarly) {
    const detail = `stopped at ${stop.stoppedAt}, before its start at ${session.startedAt}`;
    doubts.push({ reason: 'clock-implausible', detail });
  }
  const { registerMilliWh } = session.track;
  if (
    stop.meterStopMilliWh < session.meterStartMilliWh ||
    stop.meterStopMilliWh + registerSlackMilliWh <= registerMilliWh
  ) {
    const detail = `meter stop ${stop.meterStopMilliWh} mWh is below ${registerMilliWh} mWh`;
    doubts.push({ reason: 'meter-ran-backwards', detail });
  } else if (doubts.length === 0) {
    const rise = stop.meterStopMilliWh - session.meterStartMilliWh;
    if (!canHaveRisen(rise, session.startedAt, stop.stoppedAt, session.powerWMax)) {
      const detail = `${rise} mWh is more than ${session.powerWMax} W can deliver in the time`;
      doubts.push({ reason: 'meter-jumped', detail });
    }
  }
  return doubts;
};
