import type { Backoff } from './backoff';
import type { Payload } from './message-lane';
import { pause, type StationClock } from './station-clock';

export type RegistrationSetting = Readonly<{
  bootNotification: Payload;
  clock: StationClock;
  retryDelay: Backoff;
  isConnected: () => boolean;
  /** Sends a call; undefined when it was not answered. */
  tryCall: (action: string, payload: Payload) => Promise<Payload | undefined>;
  /** The charger has been accepted and may say everything else. */
  onAccepted: () => void;
  heartbeatSeconds: () => number;
  setHeartbeatSeconds: (seconds: number) => void;
}>;

const HEARTBEAT_REAL_MS_MIN = 1000;
const HEARTBEAT_REAL_MS_MAX = 3_600_000;

/** The charger's standing with the server: BootNotification until accepted, then heartbeats. */
export class Registration {
  isAccepted = false;
  private isBooting = false;
  private isEnded = false;
  private heartbeat: NodeJS.Timeout | undefined;

  constructor(private readonly setting: RegistrationSetting) {}

  /** Sends BootNotification until accepted; only then anything else (OCPP 1.6 section 4.2). */
  async boot(): Promise<void> {
    if (this.isBooting) return;
    this.isBooting = true;
    const { setting } = this;
    for (let tries = 1; setting.isConnected() && !this.isEnded; tries += 1) {
      const answer = await setting.tryCall('BootNotification', setting.bootNotification);
      const seconds = Number(answer?.['interval']);
      if (answer?.['status'] === 'Accepted') {
        this.accept(seconds);
        break;
      }
      const asked = seconds > 0 ? setting.clock.realMs(seconds * 1000) : 0;
      await pause(Math.max(asked, setting.retryDelay.delayMs(tries)));
    }
    this.isBooting = false;
    // The connection may have gone and come back while the last try was under way.
    if (!this.isAccepted && setting.isConnected() && !this.isEnded) await this.boot();
  }

  /** The charger restarts: the next connection begins with BootNotification again. */
  forget(): void {
    this.isAccepted = false;
    this.stopHeart();
  }

  /** The charger is switched off. */
  end(): void {
    this.isEnded = true;
    this.stopHeart();
  }

  /** Heartbeats by the configured interval, which is read anew for each. */
  beatHeart(): void {
    this.stopHeart();
    const wanted = this.setting.clock.realMs(this.setting.heartbeatSeconds() * 1000);
    const realMs = Math.min(Math.max(wanted, HEARTBEAT_REAL_MS_MIN), HEARTBEAT_REAL_MS_MAX);
    this.heartbeat = setTimeout(() => {
      void this.setting.tryCall('Heartbeat', {});
      this.beatHeart();
    }, realMs);
    this.heartbeat.unref();
  }

  stopHeart(): void {
    clearTimeout(this.heartbeat);
  }

  private accept(heartbeatSeconds: number): void {
    if (heartbeatSeconds > 0) this.setting.setHeartbeatSeconds(Math.round(heartbeatSeconds));
    const isFirst = !this.isAccepted;
    this.isAccepted = true;
    // Without a connection by now, the next one goes on from here.
    if (isFirst && this.setting.isConnected()) this.setting.onAccepted();
  }
}
