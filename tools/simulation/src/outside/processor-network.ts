import { minuteMs, secondMs, type World } from '../ground/world';
import type { Reply } from './processor-objects';

/** How long payment-capture waits for the processor before it calls the outcome unknown. */
const timeoutMs = 10 * secondMs;

/** The way to the processor and back, on which either half can be lost or take too long. */
export class ProcessorNetwork {
  constructor(private readonly world: World) {}

  /** `perform` runs at the processor when the request arrives there, which may be after all hope. */
  request<T>(perform: () => Reply<T>, reply: (reply: Reply<T>) => void): void {
    const { chance, clock, faults } = this.world;
    let isOver = false;
    const once = (outcome: Reply<T>): void => {
      if (isOver) return;
      isOver = true;
      reply(outcome);
    };
    const thereMs = chance.happens(faults.processorLate)
      ? chance.spread(secondMs, 3 * minuteMs)
      : chance.spread(5, 300);
    clock.after(thereMs, () => {
      const outcome = perform();
      if (!chance.happens(faults.processorAnswerLost)) {
        clock.after(chance.spread(5, 300), () => once(outcome));
      }
    });
    clock.after(timeoutMs, () => once({ kind: 'unsure', code: 'timeout', isSaved: false }));
  }

  /** A read is refused now and then, and otherwise tells what is there at that moment. */
  read<T>(look: () => T, reply: (reply: Reply<T>) => void): void {
    this.request((): Reply<T> => {
      const { chance, faults } = this.world;
      if (chance.happens(faults.processorBusy)) {
        return { kind: 'unsure', code: 'http-429', isSaved: false };
      }
      return { kind: 'answer', answer: look() };
    }, reply);
  }
}
