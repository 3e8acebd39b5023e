import { wattHoursText } from './session-views';

it.each([
  [0n, '0'],
  [5_000_000n, '5000'],
  [1n, '0.001'],
  [-1n, '-0.001'],
  [12_345_678n, '12345.678'],
])('%p mWh are %s Wh', (milliWh, text) => expect(wattHoursText(milliWh)).toBe(text));
