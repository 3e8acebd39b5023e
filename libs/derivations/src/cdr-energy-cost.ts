import type { EnergyCost } from '@tallywatt/contracts';
import type { CostPeriod, SessionCost } from '@tallywatt/tariffs';
import { instantFromEpochMs } from '@tallywatt/time';
import { negatedText } from './negated-text';

/** What the energy of a session cost its operator, as its CDR says it. */
export const cdrEnergyCost = (cost: SessionCost): EnergyCost => ({
  currency: cost.currency,
  ...(cost.costExact === undefined ? {} : { costExact: cost.costExact }),
  ...(cost.costMinor === undefined ? {} : { costMinor: cost.costMinor }),
  ...(cost.marginExact === undefined ? {} : { marginExact: cost.marginExact }),
  ...(cost.marginMinor === undefined ? {} : { marginMinor: cost.marginMinor }),
  unknownEnergyKwh: cost.unknownEnergyKwhExact,
  periods: cost.periods.map(costPeriod),
});

const costPeriod = (period: CostPeriod): EnergyCost['periods'][number] => ({
  fromAt: instantFromEpochMs(period.fromMs),
  toAt: instantFromEpochMs(period.toMs),
  fromBoundary: period.fromBoundary,
  toBoundary: period.toBoundary,
  energyKwh: period.energyKwhExact,
  ...(period.elementIndex === undefined ? {} : { elementIndex: period.elementIndex }),
  ...(period.pricePerKwh === undefined ? {} : { pricePerKwh: period.pricePerKwh }),
  ...(period.costExact === undefined ? {} : { costExact: period.costExact }),
});

/** The same taken back: energy, cost and margin negated, prices as they are. */
export const negatedEnergyCost = (cost: EnergyCost): EnergyCost => ({
  ...cost,
  ...(cost.costExact === undefined ? {} : { costExact: negatedText(cost.costExact) }),
  ...(cost.costMinor === undefined ? {} : { costMinor: -cost.costMinor }),
  ...(cost.marginExact === undefined ? {} : { marginExact: negatedText(cost.marginExact) }),
  ...(cost.marginMinor === undefined ? {} : { marginMinor: -cost.marginMinor }),
  unknownEnergyKwh: negatedText(cost.unknownEnergyKwh),
  periods: cost.periods.map((period) => ({
    ...period,
    energyKwh: negatedText(period.energyKwh),
    ...(period.costExact === undefined ? {} : { costExact: negatedText(period.costExact) }),
  })),
});
