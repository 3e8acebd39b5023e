import type { System } from '@tallywatt/demonstration';

/** What the Stripe sandbox says of its account; amounts in minor units by lower-case currency. */
export type ProcessorSummary = Readonly<{
  captured: Readonly<Record<string, number>>;
  refunded: Readonly<Record<string, number>>;
  fees: Readonly<Record<string, number>>;
  paidOut: Readonly<Record<string, number>>;
  charges: readonly Readonly<{
    id: string;
    amount_captured: number;
    amount_refunded: number;
    captured: boolean;
    currency: string;
    metadata: Readonly<Record<string, string>>;
    status: string;
  }>[];
}>;

const control = async <T>(system: System, path: string, body?: object): Promise<T> => {
  const response = await fetch(`${system.addresses.stripeSandbox}/_sandbox/${path}`, {
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    headers: { 'content-type': 'application/json' },
    signal: AbortSignal.timeout(30_000),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`the sandbox's ${path} answered ${response.status}: ${text}`);
  return JSON.parse(text) as T;
};

export const processorSummary = (system: System): Promise<ProcessorSummary> =>
  control<ProcessorSummary>(system, 'summary');

/** Moves the sandbox's clock, so that money becomes available and is paid out. */
export const passDays = (system: System, days: number): Promise<unknown> =>
  control(system, 'clock', { advanceSeconds: days * 86_400 });
