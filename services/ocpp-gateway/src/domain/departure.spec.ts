import { departureOf } from './departure';

const stay = { startedAt: '2026-11-20T10:00:00.000Z', stoppedAt: '2026-11-20T10:30:00.000Z' };
const freedAt = '2026-11-20T10:40:00.000Z';
const nextStartAt = '2026-11-20T11:00:00.000Z';
const availableSince = '2026-11-20T12:00:00.000Z';
const now = '2026-11-20T12:30:00.000Z';

describe('what ended a stay before its stop was told', () => {
  it('is the first Available since the stop, and the next start', () =>
    expect(departureOf(stay, { freedAt, availableSince, nextStartAt }, now)).toEqual({
      availableAt: freedAt,
      nextStartAt,
    }));

  it('is the present Available where none was kept', () =>
    expect(
      departureOf(stay, { freedAt: undefined, availableSince, nextStartAt: undefined }, now),
    ).toEqual({ availableAt: availableSince }));

  it('is the present Available alone where a clock cannot be right', () => {
    const history = { freedAt, availableSince, nextStartAt };
    for (const wrong of [
      { ...stay, startedAt: '1970-01-01T00:00:00.000Z' },
      { ...stay, stoppedAt: '2031-01-01T00:00:00.000Z' },
    ]) {
      expect(departureOf(wrong, history, now)).toEqual({ availableAt: availableSince });
    }
    const nextWrong = { ...history, nextStartAt: '2031-01-01T00:00:00.000Z' };
    expect(departureOf(stay, nextWrong, now)).toEqual({ availableAt: freedAt });
  });

  it('is nothing where nothing came', () =>
    expect(
      departureOf(
        stay,
        { freedAt: undefined, availableSince: undefined, nextStartAt: undefined },
        now,
      ),
    ).toEqual({}));
});
