import type { Connection } from './station-store';
import type { ChargePoint } from './charge-point-registry';

type Station = Readonly<{ cpoId: string; chargePointId: string }>;
type Copy = Readonly<{ point: ChargePoint; readAtMs: number }>;

export type CopyTimes = Readonly<{
  /** Beyond this age a copy is read again behind the answer it gives. */
  freshMs: number;
  /** Beyond this age a copy counts for nothing, also while the database is away. */
  lifetimeMs: number;
}>;

/** A database that is away is asked again after this long, not by every charger that asks. */
const retryMs = 2_000;
const batchMax = 200;

type Wanted = Readonly<{
  station: Station;
  done: (read: Promise<readonly ChargePoint[]>) => void;
}>;

/**
 * The registration of each connected charge point as Authorize needs it, kept with the connection
 * and gone with it. It is read when the charger connects; after that a swipe waits for no database.
 */
export class RegistrationCopies {
  private readonly copies = new WeakMap<Connection, Copy>();
  private readonly reading = new WeakMap<Connection, Promise<ChargePoint | undefined>>();
  private readonly triedAtMs = new WeakMap<Connection, number>();
  private readonly wanted: Wanted[] = [];
  private isReading = false;

  /** @param read gives the registrations of charge points; those that are not registered miss. */
  constructor(
    private readonly read: (stations: readonly Station[]) => Promise<readonly ChargePoint[]>,
    private readonly times: CopyTimes,
  ) {}

  /** Has the registration read, if it is not known; nobody waits for it. */
  prepare(connection: Connection): void {
    this.refresh(connection).catch(() => undefined); // whoever needs it asks again, and is told
  }

  /** The registration; undefined when the charge point is not registered (any more). */
  async of(connection: Connection, nowMs: number): Promise<ChargePoint | undefined> {
    const copy = this.copies.get(connection);
    const ageMs = copy === undefined ? Infinity : nowMs - copy.readAtMs;
    if (copy === undefined || ageMs > this.times.lifetimeMs) return this.refresh(connection);
    if (ageMs > this.times.freshMs && nowMs - (this.triedAtMs.get(connection) ?? 0) > retryMs) {
      this.triedAtMs.set(connection, nowMs);
      this.prepare(connection);
    }
    return copy.point;
  }

  private refresh(connection: Connection): Promise<ChargePoint | undefined> {
    const running = this.reading.get(connection);
    if (running !== undefined) return running;
    const reading = this.readOne(connection)
      .then((point) => {
        if (point === undefined) this.copies.delete(connection);
        else this.copies.set(connection, { point, readAtMs: Date.now() });
        return point;
      })
      .finally(() => this.reading.delete(connection));
    this.reading.set(connection, reading);
    return reading;
  }

  /** Those that are wanted while a query runs share the next one: a fleet connects together. */
  private async readOne(station: Station): Promise<ChargePoint | undefined> {
    const found = await new Promise<readonly ChargePoint[]>((resolve) => {
      this.wanted.push({ station, done: resolve });
      if (!this.isReading) void this.readWanted();
    });
    return found.find(({ cpoId, id }) => cpoId === station.cpoId && id === station.chargePointId);
  }

  private async readWanted(): Promise<void> {
    this.isReading = true;
    await new Promise((resolve) => setImmediate(resolve));
    while (this.wanted.length > 0) {
      const batch = this.wanted.splice(0, batchMax);
      const read = this.read(batch.map(({ station }) => station));
      for (const { done } of batch) done(read);
      await read.catch(() => undefined);
    }
    this.isReading = false;
  }
}
