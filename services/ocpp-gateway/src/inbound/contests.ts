/** `repeated`: more often within ten minutes than a bad line explains. */
export type Contest = 'single' | 'repeated';

const windowMs = 600_000;
const repeatedFrom = 5;
const stationsMax = 20_000;

/** How often identities are contested lately. A charger that lost its line also comes a second time. */
export class Contests {
  private readonly lately = new Map<string, readonly number[]>();

  note(station: string, nowMs: number): Contest {
    const times = (this.lately.get(station) ?? []).filter((atMs) => atMs > nowMs - windowMs);
    const all = [...times, nowMs].slice(-repeatedFrom);
    if (this.lately.size >= stationsMax && times.length === 0) this.lately.clear();
    this.lately.set(station, all);
    return all.length >= repeatedFrom ? 'repeated' : 'single';
  }
}
