/** What can be made to go wrong. The last three concern webhooks, the others API requests. */
export const faultKinds = [
  'timeout-after-commit',
  'slow',
  'error-500',
  'error-409',
  'error-429',
  'lock-timeout',
  'drop-webhook',
  'duplicate-webhook',
  'delay-webhook',
] as const;
export type FaultKind = (typeof faultKinds)[number];

export interface Fault {
  id: number;
  kind: FaultKind;
  /** Empty matches everything. `path` and `eventType` may hold `*` for any run of characters. */
  match: { method?: string; path?: string; eventType?: string };
  /** How often it still happens. */
  times: number;
  /** `slow`: before executing. `timeout-after-commit`: until the silent connection is dropped. */
  delayMilliseconds: number;
  /** `delay-webhook`: virtual seconds. */
  delaySeconds: number;
  /** `error-500`: whether the idempotency key remembers it, as Stripe's do. */
  remembered: boolean;
}

const matches = (pattern: string | undefined, text: string): boolean =>
  pattern === undefined || new RegExp(`^${pattern.split('*').map(escape).join('.*')}$`).test(text);

const escape = (literal: string): string => literal.replace(/[.+?^${}()|[\]\\]/g, '\\$&');

/** The faults waiting to happen. They end with the process: a restarted sandbox is a healthy one. */
export class FaultList {
  private faults: Fault[] = [];
  private lastId = 0;
  private readonly counts = new Map<FaultKind, number>();

  add(fault: Omit<Fault, 'id'>): Fault {
    const added = { ...fault, id: (this.lastId += 1) };
    this.faults.push(added);
    return added;
  }

  all(): Fault[] {
    return this.faults.map((fault) => ({ ...fault }));
  }

  clear(): void {
    this.faults = [];
  }

  /** How often each kind has happened: a planned fault may wait in vain for what it matches. */
  happened(): Partial<Record<FaultKind, number>> {
    return Object.fromEntries(this.counts);
  }

  /** The first fault planned for this API request, used up by one. */
  takeForRequest(method: string, path: string): Fault | undefined {
    return this.take(
      (fault) =>
        !fault.kind.endsWith('-webhook') &&
        matches(fault.match.method?.toUpperCase(), method) &&
        matches(fault.match.path, path),
    );
  }

  /** The first fault planned for an event of this type, used up by one. */
  takeForEvent(eventType: string): Fault | undefined {
    return this.take(
      (fault) => fault.kind.endsWith('-webhook') && matches(fault.match.eventType, eventType),
    );
  }

  private take(applies: (fault: Fault) => boolean): Fault | undefined {
    const found = this.faults.find((fault) => fault.times > 0 && applies(fault));
    if (found === undefined) return undefined;
    found.times -= 1;
    this.counts.set(found.kind, (this.counts.get(found.kind) ?? 0) + 1);
    this.faults = this.faults.filter((fault) => fault.times > 0);
    return found;
  }
}
