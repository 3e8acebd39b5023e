import { SimulatedChargePoint } from '../charge-point';
import type { ChargePointSetting } from '../charge-point-setting';
import { RecordingServer } from './recording-server';

/** When the chargers' clocks begin. */
export const start = '2026-11-20T16:00:00Z';
export const session = {
  connectorId: 1,
  idTag: 'TAG-1',
  startAt: '2026-11-20T16:05:00Z',
} as const;

/** An hour in half a second: for sessions that nobody has to meddle with while they run. */
export const fast = { start, speed: 7200 };
/** Slow enough that a busy machine, too, can do something before the session is over. */
export const slow = { start, speed: 600 };

/** Chargers at a server that writes down what it gets. */
export class ChargerStage {
  readonly server = new RecordingServer();
  private readonly chargers: SimulatedChargePoint[] = [];

  static async open(): Promise<ChargerStage> {
    const stage = new ChargerStage();
    await stage.server.listen();
    return stage;
  }

  /** A charger that is connected and accepted. */
  async plugged(setting: Partial<ChargePointSetting> = {}): Promise<SimulatedChargePoint> {
    const charger = new SimulatedChargePoint({
      url: this.server.url,
      id: 'CP-1',
      connectors: [{ id: 1, powerKwMax: 22 }],
      virtualClock: fast,
      seed: 7,
      backoff: { firstMs: 20, maxMs: 100 },
      ...setting,
    });
    this.chargers.push(charger);
    await charger.connect();
    return charger;
  }

  /** Switches all off, and says what was not as the standard has it. */
  async close(): Promise<readonly string[]> {
    await Promise.all(this.chargers.map((charger) => charger.disconnect({ drain: false })));
    await this.server.die();
    return this.server.violations;
  }
}
