import { Gauge, type Registry } from 'prom-client';

/** What is counted of the monthly fees of fleets. */
export type FleetMetrics = Readonly<{
  /** Fees that are not charged after a round, by reason. */
  withheld(reasons: readonly string[]): void;
}>;

export const fleetMetrics = (registry: Registry): FleetMetrics => {
  const withheld = new Gauge({
    name: 'tallywatt_fleet_fees_withheld',
    help: 'Monthly fees of fleets that are over and not charged, by reason',
    labelNames: ['reason'],
    registers: [registry],
  });
  return {
    withheld: (reasons) => {
      withheld.reset();
      for (const reason of reasons) withheld.inc({ reason });
    },
  };
};
