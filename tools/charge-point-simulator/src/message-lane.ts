import type { Backoff } from './backoff';
import { pause } from './station-clock';

export type Payload = Readonly<Record<string, unknown>>;

/** How the delivery of a passing message ended. */
export type Delivery = 'answered' | 'refused' | 'dropped';

type Entry = {
  readonly action: string;
  /** Built at each sending, because a transaction id may become known only then. */
  readonly payload: () => Payload;
  readonly lasting: boolean;
  /** Reads the answer; throwing means that the answer is no answer, and the message goes again. */
  readonly read: (answer: Payload) => void;
  readonly settle: (delivery: Delivery) => void;
  sends: number;
};

/**
 * What a charger has to say, in the order in which it happened (OCPP 1.6 section 3.7.1, and errata).
 * Lasting messages (those about transactions) stay at the head until answered, over refusals,
 * time-outs and lost connections, each time under a new message id. Passing messages
 * (StatusNotification, Authorize) are sent once and forgotten when the connection goes.
 */
export class MessageLane {
  private entries: Entry[] = [];
  private isOpen = false;
  private isPumping = false;
  private emptyWaiters: (() => void)[] = [];

  constructor(
    private readonly call: (action: string, payload: Payload) => Promise<Payload>,
    private readonly backoff: Backoff,
    private readonly log: (event: string, detail: Payload) => void,
  ) {}

  /** The number of lasting messages not yet answered. */
  get backlog(): number {
    return this.entries.filter((entry) => entry.lasting).length;
  }

  /** Adds a message that must arrive; resolves when it has been answered. */
  addLasting(action: string, payload: () => Payload, read: (answer: Payload) => void = () => {}) {
    return this.add(action, payload, true, read);
  }

  /** Adds a message that is worth sending now or not at all. */
  addPassing(
    action: string,
    payload: () => Payload,
    read: (answer: Payload) => void = () => {},
  ): Promise<Delivery> {
    return this.isOpen ? this.add(action, payload, false, read) : Promise.resolve('dropped');
  }

  /** The charger is connected and accepted: send what waits. */
  open(): void {
    this.isOpen = true;
    void this.pump();
  }

  /** The connection is gone: keep what must arrive, forget the rest. */
  shut(): void {
    this.isOpen = false;
    const passing = this.entries.filter((entry) => !entry.lasting);
    this.entries = this.entries.filter((entry) => entry.lasting);
    for (const entry of passing) entry.settle('dropped');
  }

  /** Resolves once nothing waits to be answered. */
  whenEmpty(): Promise<void> {
    if (this.backlog === 0) return Promise.resolve();
    return new Promise((resolve) => this.emptyWaiters.push(resolve));
  }

  private add(
    action: string,
    payload: () => Payload,
    lasting: boolean,
    read: (answer: Payload) => void,
  ): Promise<Delivery> {
    return new Promise((settle) => {
      this.entries.push({ action, payload, lasting, read, settle, sends: 0 });
      void this.pump();
    });
  }

  private async pump(): Promise<void> {
    if (this.isPumping) return;
    this.isPumping = true;
    for (let head = this.entries[0]; this.isOpen && head; head = this.entries[0]) {
      await this.send(head);
    }
    this.isPumping = false;
  }

  private async send(entry: Entry): Promise<void> {
    entry.sends += 1;
    try {
      entry.read(await this.call(entry.action, entry.payload()));
      this.finish(entry, 'answered');
    } catch (error) {
      const reason = error instanceof Error ? error.message || error.name : String(error);
      this.log('unanswered', { action: entry.action, sends: entry.sends, reason });
      if (!entry.lasting) return this.finish(entry, this.isOpen ? 'refused' : 'dropped');
      // A lost connection has its own back-off; this one is for a server that refuses or is mute.
      if (this.isOpen) await pause(this.backoff.delayMs(entry.sends));
    }
  }

  private finish(entry: Entry, delivery: Delivery): void {
    this.entries = this.entries.filter((other) => other !== entry);
    entry.settle(delivery);
    if (this.backlog === 0) for (const wake of this.emptyWaiters.splice(0)) wake();
  }
}
