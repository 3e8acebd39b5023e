import type { MeterReading } from '@tallywatt/contracts';
import { assessReadings } from './meter-track';

const now = '2026-11-21T12:00:00.000Z';
const at = (minute: number): string => `2026-11-21T10:${String(minute).padStart(2, '0')}:00.000Z`;
const bounds = { startedAt: at(0), meterStartMilliWh: 500_000_000n, powerWMax: 11_000n };
const track = { registerMilliWh: 500_000_000n, readAt: at(0) };
const reading = (readAt: string, registerMilliWh?: bigint): MeterReading => ({
  readAt,
  context: 'Sample.Periodic',
  ...(registerMilliWh === undefined ? {} : { registerMilliWh }),
});
const faults = (...readings: MeterReading[]) =>
  assessReadings(readings, track, bounds, now).map((assessed) => assessed.implausibleReason);

describe('readings of a session', () => {
  it('rise with the meter', () =>
    expect(faults(reading(at(10), 501_000_000n), reading(at(20), 502_500_000n))).toEqual([
      undefined,
      undefined,
    ]));

  it('keep a placeholder zero out, and go on after it (rows 1 and 12)', () =>
    expect(faults(reading(at(1), 0n), reading(at(10), 501_000_000n))).toEqual([
      'placeholder-zero',
      undefined,
    ]));

  it('cannot count from the session’s own zero (row 12)', () =>
    expect(faults(reading(at(10), 1_000_000n))).toEqual(['register-ran-backwards']));

  it('cannot run backwards or below zero (row 11)', () =>
    expect(
      faults(reading(at(10), 501_000_000n), reading(at(11), 500_900_000n), reading(at(12), -1n)),
    ).toEqual([undefined, 'register-ran-backwards', 'register-negative']));

  // 11 kW for 10 min is 1833 Wh, with the tenth on top 2017 Wh, with 5 s of slack 2034 Wh.
  it('cannot rise faster than rated power allows', () =>
    expect(faults(reading(at(10), 502_030_000n), reading(at(20), 504_080_000n))).toEqual([
      undefined,
      'jumped-beyond-rated-power',
    ]));

  it('may come late, but not above what was read after them', () =>
    expect(
      faults(
        reading(at(20), 502_000_000n),
        reading(at(10), 501_000_000n),
        reading(at(15), 503_000_000n),
      ),
    ).toEqual([undefined, undefined, 'register-out-of-order']));

  it('say nothing of energy without a register (row 2)', () =>
    expect(faults(reading(at(10)))).toEqual([undefined]));

  it('are not believed at impossible times (row 13)', () =>
    expect(
      faults(
        reading('1970-01-01T00:00:00.000Z', 501_000_000n),
        reading('2026-11-21T09:00:00.000Z', 501_000_000n),
      ),
    ).toEqual(['clock-implausible', 'read-before-start']));

  it('are none of them dropped', () =>
    expect(assessReadings([reading(at(1), 0n)], track, bounds, now)).toEqual([
      { ...reading(at(1), 0n), implausibleReason: 'placeholder-zero' },
    ]));
});
