import { encodeEvent, type AllowanceEvent } from '@tallywatt/contracts';
import {
  afterFact,
  allowance,
  drawDue,
  factsOf,
  type DrawAllowance,
  type SessionFacts,
} from '@tallywatt/derivations';
import { hold, holdSame } from '../ground/violation';
import type { Evidence, SessionEvidence } from './evidence';

const rule = 'included energy is drawn once for every settlement';

/** Decides every draw again, in the order of its month, and misses none. */
export const rebuildAllowances = (evidence: Evidence): void => {
  const due = new Map(
    evidence.sessions.flatMap(drawsOf).map((command) => [nameOf(command), command]),
  );
  const { log } = evidence.system.world;
  const months = new Set(
    evidence.recorded('access.allowances.v1').map(({ metadata }) => metadata.subject),
  );
  for (const month of months) {
    let state = allowance.initial;
    for (const { event, metadata } of log.streamOf('access.allowances.v1', month)) {
      const drawn = event as AllowanceEvent;
      const command = due.get(nameOf(drawn));
      due.delete(nameOf(drawn));
      const decision = command && allowance.decide(command, state);
      const hashes =
        decision?.kind === 'accepted'
          ? decision.events.map((one) => encodeEvent(one).contentHash)
          : [];
      holdSame(hashes, [metadata.contentHash], rule, nameOf(drawn));
      state = allowance.evolve(state, drawn);
      const parts = [...state.sessions.values()].map(({ drawnMilliWh }) => drawnMilliWh);
      const sum = parts.reduce((left, right) => left + right, 0n);
      holdSame(state.drawnMilliWh, sum, 'a month is what its sessions drew', month);
      hold(sum <= mostMilliWh, 'no month gives more than a tariff includes', () => month);
    }
    const known = evidence.system.authorization.months.get(month.slice(month.indexOf('/') + 1));
    holdSame(known?.drawnMilliWh, state.drawnMilliWh, rule, month);
  }
  holdSame([...due.keys()], [], rule, 'draws that nobody made');
};

/** By the tariff of the plan that includes most. */
const mostMilliWh = 60_000_000n;

const nameOf = ({ sessionId, energyRevision }: AllowanceEvent | DrawAllowance): string =>
  `${sessionId} ${energyRevision}`;

const drawsOf = ({ events }: SessionEvidence): DrawAllowance[] => {
  let facts: SessionFacts | undefined;
  return events.flatMap((event) => {
    const before = facts;
    if (event.type === 'SessionStarted') facts = factsOf(event);
    else if (before !== undefined) facts = afterFact(before, event);
    return (facts === undefined ? undefined : drawDue(before, facts)) ?? [];
  });
};
