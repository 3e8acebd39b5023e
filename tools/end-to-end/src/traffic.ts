import {
  SimulatedChargePoint,
  type OcppVersion,
  type SessionCharged,
} from '@tallywatt/charge-point-simulator';
import {
  chargePointPassword,
  issueToken,
  registerChargePoint,
  type OperatorApi,
  type System,
} from '@tallywatt/demonstration';

/** Virtual seconds in a real one: 40 minutes of charging take four seconds. */
export const speed = 600;

export type Traffic = Readonly<{
  /** Lets every car finish; no other comes. @throws when a charger's session failed. */
  finish: () => Promise<readonly SessionCharged[]>;
  /** Switches the chargers off, whatever they are doing. */
  abandon: () => Promise<void>;
}>;

const daysBack = 5;

/** Some days ago, so that hours of virtual time never reach the future. */
export const virtualStart = (): Date => {
  const start = new Date(Date.now() - daysBack * 86_400_000);
  start.setUTCMinutes(0, 0, 0);
  return start;
};

/** A charger that is registered, with a card behind its only token, and connected. */
export const connectCharger = async (
  system: System,
  api: OperatorApi,
  id: string,
  virtualClock: Readonly<{ start: Date; speed: number }>,
  ocppVersion: OcppVersion = '1.6',
): Promise<Readonly<{ charger: SimulatedChargePoint; idTag: string }>> => {
  const idTag = `TAG${id.replaceAll('-', '')}`.slice(0, 20);
  await registerChargePoint(api, id, 'flat');
  await issueToken(api, { uid: idTag, paymentMethod: 'pm_card_visa' });
  const charger = new SimulatedChargePoint({
    url: system.addresses.ocpp,
    id,
    ocppVersion,
    password: chargePointPassword,
    connectors: [{ id: 1, powerKwMax: 22 }],
    virtualClock,
    // A service that was killed is back in seconds; a charger that waits long only costs time.
    backoff: { firstMs: 100, maxMs: 1_000 },
    callTimeoutMs: 5_000,
  });
  await charger.connect();
  return { charger, idTag };
};

/**
 * Chargers at which one car follows the other until told to finish; each second one speaks OCPP
 * 2.0.1. Every session has an energy of
 * its own, odd enough that a mix-up or a rounding on the way shows.
 */
export const startTraffic = async (
  system: System,
  api: OperatorApi,
  ids: readonly string[],
): Promise<Traffic> => {
  const chargers: SimulatedChargePoint[] = [];
  let isEnding = false;
  const run = async (charger: SimulatedChargePoint, idTag: string, place: number) => {
    const outcomes: SessionCharged[] = [];
    while (!isEnding) {
      const energyWh = 11_003n + 977n * BigInt(place) + 1_013n * BigInt(outcomes.length % 5);
      const outcome = await charger.runSession({
        connectorId: 1,
        idTag,
        energyWh,
        meterIntervalSeconds: 600,
        idleMinutesAfter: 2,
      });
      if (!outcome.started) throw new Error(`${charger.id}: Authorize ${outcome.authorizeStatus}`);
      outcomes.push(outcome);
    }
    return outcomes;
  };
  const abandon = async (): Promise<void> => {
    isEnding = true;
    await Promise.all(chargers.map((charger) => charger.disconnect({ drain: false })));
  };
  try {
    const start = virtualStart();
    const runs: Promise<SessionCharged[]>[] = [];
    for (const [place, id] of ids.entries()) {
      const version = place % 2 === 0 ? '1.6' : '2.0.1';
      const clock = { start, speed };
      const { charger, idTag } = await connectCharger(system, api, id, clock, version);
      chargers.push(charger);
      runs.push(run(charger, idTag, place));
    }
    // A charger that fails before anybody waits for it is heard of in finish().
    for (const one of runs) one.catch(() => undefined);
    return {
      abandon,
      finish: async () => {
        isEnding = true;
        const outcomes = (await Promise.all(runs)).flat();
        await abandon();
        return outcomes;
      },
    };
  } catch (error) {
    await abandon();
    throw error;
  }
};
