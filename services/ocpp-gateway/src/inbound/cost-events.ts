import type { EventLog, SqlClient, Tail } from '@tallywatt/event-log';
import { costToldBy } from '../domain/session-cost';
import { anyCostDisplay, type CostDisplays } from '../outbound/cost-displays';

/**
 * Follows what sessions cost once a charge point can show it, and not before. Each process follows all
 * of it, and shows it where it holds the socket.
 *
 * @returns to be called from time to time.
 */
export const costFollower = (
  eventLog: Pick<EventLog, 'tail'>,
  sql: SqlClient,
  displays: Pick<CostDisplays, 'note'>,
): (() => Promise<void>) => {
  let tail: Tail | undefined;
  return async () => {
    if (tail !== undefined || !(await anyCostDisplay(sql))) return;
    tail = eventLog.tail({
      name: 'costs',
      topics: ['pricing.estimates.v1', 'pricing.cdrs.v1'],
      show: ({ event }) => {
        if (event.type !== 'SessionCostEstimated' && event.type !== 'CdrIssued') return;
        const cost = costToldBy(event);
        if (cost !== undefined) displays.note(cost);
      },
    });
  };
};
