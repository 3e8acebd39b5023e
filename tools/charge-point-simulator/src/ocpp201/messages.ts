import type { Payload } from '../message-lane';
import type { Reading, ReadingContext } from '../terms';

/** A token as this charger reads it: a card. */
export const idToken = (idTag: string): Payload => ({ idToken: idTag, type: 'ISO14443' });

/** One MeterValue element (part 2, MeterValueType); values are numbers, units have a power of ten. */
export const meterValue = (reading: Reading, context: ReadingContext): Payload => ({
  timestamp: reading.at.toISOString(),
  sampledValue: [
    {
      value: Number(reading.registerWh),
      context,
      measurand: 'Energy.Active.Import.Register',
      location: 'Outlet',
      unitOfMeasure: { unit: 'Wh' },
    },
    {
      value: reading.powerW,
      context,
      measurand: 'Power.Active.Import',
      location: 'Outlet',
      unitOfMeasure: { unit: 'W' },
    },
    ...(reading.socPercent === undefined
      ? []
      : [
          {
            value: reading.socPercent,
            context,
            measurand: 'SoC',
            location: 'EV',
            unitOfMeasure: { unit: 'Percent' },
          },
        ]),
  ],
});
