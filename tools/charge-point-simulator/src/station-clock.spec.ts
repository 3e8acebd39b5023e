import { StationClock, stationClock } from './station-clock';

describe('a station clock', () => {
  const start = Date.parse('2026-11-20T16:00:00Z');

  it('runs so many virtual seconds per real second', () => {
    let realMs = 5_000;
    const clock = new StationClock(start, 600, () => realMs);
    expect(clock.now().toISOString()).toBe('2026-11-20T16:00:00.000Z');
    realMs += 1_500; // 1.5 s x 600 = 15 min
    expect(clock.now().toISOString()).toBe('2026-11-20T16:15:00.000Z');
    expect(clock.realMs(3_600_000)).toBe(6_000);
  });

  it('shows whole seconds where a charger does', () => {
    let realMs = 0;
    const clock = new StationClock(start, 1, () => realMs);
    realMs = 1_999;
    expect(clock.nowToTheSecond().toISOString()).toBe('2026-11-20T16:00:01.000Z');
  });

  it('does not wait for what has passed, nor after an abort', async () => {
    const clock = new StationClock(start, 1);
    await clock.sleepUntil(new Date(start - 1));
    const stop = new AbortController();
    const waiting = clock.sleepUntil(new Date(start + 3_600_000), stop.signal);
    stop.abort();
    await expect(waiting).resolves.toBeUndefined();
  });

  it('wakes no earlier than asked', async () => {
    const clock = stationClock({ start: new Date(start), speed: 3_600 });
    const at = new Date(start + 60_000);
    await clock.sleepUntil(at);
    expect(clock.now().getTime()).toBeGreaterThanOrEqual(at.getTime());
  });

  it('says what is wrong with a setting', () => {
    expect(() => stationClock({ start: 'tomorrow', speed: 1 })).toThrow("'tomorrow'");
    expect(() => stationClock({ start: '2026-11-20T16:00:00Z', speed: 0 })).toThrow('above 0');
  });
});
