import type { SessionOutcome } from '@tallywatt/charge-point-simulator';
import type { Delivery } from './expected-price';
import type { PlannedSession } from './session-plan';

/** What became of a planned session, as its charger saw it: the measure of everything else. */
export type RanSession = Readonly<{
  plan: PlannedSession;
  chargePointId: string;
  outcome: SessionOutcome;
  /** Left out when nothing was delivered. */
  delivery?: Delivery;
}>;

export type FailedSession = Readonly<{
  plan: PlannedSession;
  chargePointId: string;
  reason: string;
}>;
