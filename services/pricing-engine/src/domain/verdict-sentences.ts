import type { TariffCandidate } from '@tallywatt/tariffs';

/** One sentence for each thing that can come of looking at a tariff. */
export const verdictSentences: Readonly<Record<TariffCandidate['verdict'], string>> = {
  'prices-the-start': 'It prices the start.',
  'another-comes-first': 'It would hold, but another comes before it.',
  'outside-validity': 'The start is outside the time for which it is assigned.',
  'driver-group-differs': 'The driver is in none of its driver groups.',
  'charge-point-differs': 'It is assigned to other charge points.',
  'evse-group-differs': 'The connector is in none of its EVSE groups, or is not known yet.',
  'location-differs': 'It is assigned to other locations.',
  'site-group-differs': 'The location is in none of its site groups.',
  'time-zone-unknown': 'It holds at times of the week, and the time zone was not said.',
  'outside-weekly-windows': 'The start is outside its times of the week.',
  'tariff-not-in-force': 'The tariff has no version in force at the start.',
  'not-for-roaming': 'The driver is of another network: only what is assigned to it holds.',
  'currency-differs': 'The tariff is in another currency than the location.',
};
