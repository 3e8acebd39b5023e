import { WATT_MS_PER_WH } from './charge-plan';
import type { ConnectorStatus } from './terms';
import type { ChargingSession } from './charging-session';

/** One outlet with its meter, whose register counts up over the charger's whole life. */
export class Connector {
  status: ConnectorStatus = 'Available';
  statusSince: Date;
  /** Set from plugging in until unplugging. */
  session: ChargingSession | undefined;
  /** Changes with each status, so that an answer can be told to be about an earlier one. */
  statusNumber = 0;
  private wattMs: bigint;
  private statusWaiters: (() => void)[] = [];

  constructor(
    readonly id: number,
    readonly powerWMax: number,
    registerWh: bigint,
    since: Date,
  ) {
    this.wattMs = registerWh * WATT_MS_PER_WH;
    this.statusSince = since;
  }

  /** The register, with what the running charge has added to the state at its start. */
  registerWh(addedWattMs = 0n): bigint {
    return (this.wattMs + addedWattMs) / WATT_MS_PER_WH;
  }

  /** Books a finished charge into the register. */
  count(wattMs: bigint): void {
    this.wattMs += wattMs;
  }

  turn(status: ConnectorStatus, at: Date): void {
    this.status = status;
    this.statusSince = at;
    this.statusNumber += 1;
    this.settleStatus(this.statusNumber);
  }

  /** The server has answered the report of the given status, or a later one has replaced it. */
  settleStatus(statusNumber: number): void {
    if (statusNumber === this.statusNumber) for (const wake of this.statusWaiters.splice(0)) wake();
  }

  /** Resolves once the server knows the present status or it has changed again. */
  whenStatusSettled(): Promise<void> {
    return new Promise((resolve) => this.statusWaiters.push(resolve));
  }
}
