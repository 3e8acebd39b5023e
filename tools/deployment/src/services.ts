import type { TopicName } from '@tallywatt/contracts';

/** What is deployed of a service, besides its own topics, which it writes and reads. */
export type DeployedService = Readonly<{
  name: string;
  httpPort: number;
  /** Topics of other services that it reads; a test compares them with its source. */
  reads: readonly TopicName[];
}>;

export const deployedServices: readonly DeployedService[] = [
  {
    name: 'ocpp-gateway',
    httpPort: 9311,
    reads: ['payments.payments.v1', 'pricing.estimates.v1', 'pricing.cdrs.v1'],
  },
  { name: 'authorization', httpPort: 9312, reads: ['charging.sessions.v1', 'pricing.tariffs.v1'] },
  {
    name: 'pricing-engine',
    httpPort: 9313,
    reads: [
      'charging.sessions.v1',
      'charging.registry.v1',
      'access.allowances.v1',
      'access.accounts.v1',
    ],
  },
  {
    name: 'payment-capture',
    httpPort: 9314,
    reads: ['charging.sessions.v1', 'pricing.cdrs.v1'],
  },
  {
    name: 'ledger',
    httpPort: 9315,
    reads: [
      'pricing.cdrs.v1',
      'pricing.fleet-fees.v1',
      'payments.payments.v1',
      'payments.settlements.v1',
    ],
  },
  {
    name: 'reconciliation',
    httpPort: 9316,
    reads: [
      'charging.sessions.v1',
      'pricing.cdrs.v1',
      'payments.payments.v1',
      'payments.settlements.v1',
      'ledger.journal.v1',
    ],
  },
];
