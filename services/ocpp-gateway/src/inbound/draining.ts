import { setTimeout } from 'node:timers/promises';
import type { ChargerConnections, OpenCharger } from '../outbound/charger-connections';

/** In any order (Fisher and Yates): chargers of one site do not all leave at once. */
const shuffled = (chargers: OpenCharger[]): OpenCharger[] => {
  for (let last = chargers.length - 1; last > 0; last -= 1) {
    const other = Math.floor(Math.random() * (last + 1));
    [chargers[last], chargers[other]] = [chargers[other]!, chargers[last]!];
  }
  return chargers;
};

/**
 * Sends the chargers away one after the other, evenly over a time, so that the processes they come to
 * next are not stormed. Those whose turn has not come are served as before.
 */
export const sendAway = async (connections: ChargerConnections, overMs: number): Promise<void> => {
  const chargers = shuffled(connections.all());
  const pauseMs = overMs / Math.max(chargers.length, 1);
  const beganMs = performance.now();
  for (const [index, charger] of chargers.entries()) {
    const aheadMs = beganMs + index * pauseMs - performance.now();
    if (aheadMs > 1) await setTimeout(aheadMs);
    charger.close('shutdown');
  }
};

/** Resolves when every charger has gone, or when that has taken too long. */
export const untilGone = async (
  connections: ChargerConnections,
  limitMs: number,
): Promise<void> => {
  const deadlineMs = performance.now() + limitMs;
  while (connections.count > 0 && performance.now() < deadlineMs) await setTimeout(20);
};
