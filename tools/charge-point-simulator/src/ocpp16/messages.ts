import type { Payload } from '../message-lane';
import type { Reading, ReadingContext } from '../terms';

/** One MeterValue element (section 7.31); values are text in 1.6. */
export const meterValue = (reading: Reading, context: ReadingContext): Payload => ({
  timestamp: reading.at.toISOString(),
  sampledValue: [
    {
      value: String(reading.registerWh),
      context,
      measurand: 'Energy.Active.Import.Register',
      location: 'Outlet',
      unit: 'Wh',
    },
    {
      value: String(reading.powerW),
      context,
      measurand: 'Power.Active.Import',
      location: 'Outlet',
      unit: 'W',
    },
    ...(reading.socPercent === undefined
      ? []
      : [
          {
            value: String(reading.socPercent),
            context,
            measurand: 'SoC',
            location: 'EV',
            unit: 'Percent',
          },
        ]),
  ],
});

/** The integer that meterStart and meterStop are on the wire. */
export const wireWh = (registerWh: bigint): number => {
  if (registerWh < 0n || registerWh > 2_147_483_647n) {
    throw new RangeError(`register of ${registerWh} Wh does not fit an OCPP 1.6 integer`);
  }
  return Number(registerWh);
};

/** Reads transactionId of StartTransaction.conf; throws when it is not an integer. */
export const transactionIdOf = (answer: Payload): number => {
  const transactionId = answer['transactionId'];
  if (Number.isInteger(transactionId)) return transactionId as number;
  throw new Error(`answer without an integer transactionId: ${JSON.stringify(answer)}`);
};
