import type { System } from '@tallywatt/demonstration';
import type { FaultKind as SandboxFault } from '@tallywatt/stripe-sandbox';

/** A charge as the processor lists it; amounts are minor units. */
export type ProcessorCharge = Readonly<{
  id: string;
  amount_captured: number;
  amount_refunded: number;
  captured: boolean;
  currency: string;
  metadata: Readonly<Record<string, string>>;
}>;

export type ProcessorIntent = Readonly<{
  id: string;
  status: string;
  amount: number;
  amount_received: number;
  metadata: Readonly<Record<string, string>>;
}>;

/** Sums by lower-case currency. */
export type ProcessorSummary = Readonly<{
  captured: Readonly<Record<string, number>>;
  refunded: Readonly<Record<string, number>>;
  fees: Readonly<Record<string, number>>;
  paidOut: Readonly<Record<string, number>>;
  charges: readonly ProcessorCharge[];
}>;

export type SandboxFaultRequest = Readonly<{
  kind: SandboxFault;
  match?: Readonly<{ method?: string; path?: string; eventType?: string }>;
  times?: number;
  delaySeconds?: number;
  delayMilliseconds?: number;
  remembered?: boolean;
}>;

const ask = async <T>(system: System, path: string, init: RequestInit = {}): Promise<T> => {
  const response = await fetch(`${system.addresses.stripeSandbox}${path}`, {
    ...init,
    signal: AbortSignal.timeout(60_000),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`the sandbox's ${path} answered ${response.status}: ${text}`);
  return JSON.parse(text) as T;
};

export const plantSandboxFault = (system: System, fault: SandboxFaultRequest): Promise<unknown> =>
  ask(system, '/_sandbox/faults', { method: 'POST', body: JSON.stringify(fault) });

export const clearSandboxFaults = (system: System): Promise<unknown> =>
  ask(system, '/_sandbox/faults', { method: 'DELETE' });

/** How often each kind of fault has happened there: one that is planted may wait in vain. */
export const happenedSandboxFaults = async (
  system: System,
): Promise<Readonly<Partial<Record<SandboxFault, number>>>> =>
  (
    await ask<{ happened: Readonly<Partial<Record<SandboxFault, number>>> }>(
      system,
      '/_sandbox/faults',
    )
  ).happened;

/** Lets days pass at the processor, so that money becomes available and is paid out. */
export const passDays = (system: System, days: number): Promise<unknown> =>
  ask(system, '/_sandbox/clock', {
    method: 'POST',
    body: JSON.stringify({ advanceSeconds: days * 86_400 }),
  });

export const processorSummary = (system: System): Promise<ProcessorSummary> =>
  ask<ProcessorSummary>(system, '/_sandbox/summary');

/** All payment intents, by the list that Stripe's own API gives. */
export const processorIntents = async (system: System): Promise<ProcessorIntent[]> => {
  const intents: ProcessorIntent[] = [];
  for (let after: string | undefined; ;) {
    const query = after === undefined ? '' : `&starting_after=${after}`;
    const page = await ask<{ data: ProcessorIntent[]; has_more: boolean }>(
      system,
      `/v1/payment_intents?limit=100${query}`,
      { headers: { authorization: 'Bearer sk_test_local' } },
    );
    intents.push(...page.data);
    after = page.data.at(-1)?.id;
    if (!page.has_more || after === undefined) return intents;
  }
};
