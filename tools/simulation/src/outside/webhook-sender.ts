import { hourMs, minuteMs, type World } from '../ground/world';
import type { Notice } from './processor-objects';

/** Webhooks: each at least once if the world lets it, in any order, doubled, hours late. */
export class WebhookSender {
  private sent = 0;
  /** Says whether the event was taken; set by whoever receives. */
  receiver: (notice: Notice) => boolean = () => false;

  constructor(private readonly world: World) {}

  send(facts: Omit<Notice, 'eventId'>): void {
    const { chance, faults } = this.world;
    this.sent += 1;
    const notice = { eventId: `evt_${this.sent}`, ...facts };
    // What nobody else tells, a refund made in the dashboard, is tried for days and never given up.
    const isLost = chance.happens(faults.webhookLost) && !facts.type.startsWith('refund.');
    if (isLost) return;
    this.deliver(notice, 0);
    if (chance.happens(faults.webhookDoubled)) this.deliver(notice, 0);
  }

  private deliver(notice: Notice, tries: number): void {
    const { chance, clock, faults } = this.world;
    const delayMs =
      tries > 0
        ? Math.min(minuteMs * 4 ** tries, 12 * hourMs)
        : chance.happens(faults.webhookLate)
          ? chance.spread(minuteMs, 20 * hourMs)
          : chance.spread(20, 3_000);
    clock.after(delayMs, () => {
      const isTaken = this.receiver(notice);
      if (!isTaken && tries < 12) this.deliver(notice, tries + 1);
    });
  }
}
