import { WebSocket } from 'ws';

export type FrameRate = Readonly<{ perSecond: number; burst: number }>;

/** A bucket of tokens: a burst at once, then so many a second. Instants in milliseconds. */
export class FrameBudget {
  private tokens: number;

  constructor(
    private readonly rate: FrameRate,
    private atMs: number,
  ) {
    this.tokens = rate.burst;
  }

  /** Whether one more frame is within the rate. */
  spend(nowMs: number): boolean {
    const refill = ((nowMs - this.atMs) * this.rate.perSecond) / 1_000;
    this.tokens = Math.min(this.rate.burst, this.tokens + Math.max(0, refill));
    this.atMs = nowMs;
    if (this.tokens < 1) return false;
    this.tokens -= 1;
    return true;
  }
}

/** RFC 6455, section 7.4.1: the peer does what it may not. */
const policyViolation = 1008;
const goodbyeMs = 2_000;

/**
 * WebSockets whose frames, pings among them, come no faster than a rate. A flood is closed with 1008
 * and nothing of it is looked at any more; what it held of honest messages the charger sends again.
 */
export const rateLimitedWebSocket = (
  rate: FrameRate,
  onLimit: (limit: 'frame-rate' | 'frame-size') => void,
): typeof WebSocket =>
  class extends WebSocket {
    private readonly budget = new FrameBudget(rate, Date.now());
    private isFlooded = false;

    override emit(event: string | symbol, ...words: unknown[]): boolean {
      if (event === 'error') {
        const [error] = words as [{ code?: string }?];
        if (error?.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') onLimit('frame-size');
      }
      if (event !== 'message' && event !== 'ping') return super.emit(event, ...words);
      if (this.isFlooded) return false;
      if (this.budget.spend(Date.now())) return super.emit(event, ...words);
      this.isFlooded = true;
      onLimit('frame-rate');
      this.close(policyViolation, 'too many messages');
      // Who floods may not read either.
      setTimeout(() => this.terminate(), goodbyeMs).unref();
      return false;
    }
  };
