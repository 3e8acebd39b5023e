import type { ServiceName } from '@tallywatt/demonstration';

const appending = ['append.before-commit'];
const relaying = ['relay.before-send', 'relay.after-send', 'relay.after-mark'];
const consuming = [
  'consumer.before-handle',
  'consumer.after-handle',
  'consumer.before-commit',
  'consumer.after-commit',
];
const everywhere = [...appending, ...relaying, ...consuming];

/** The OCPP actions that the simulated chargers speak. */
export const spokenActions = [
  'BootNotification',
  'StatusNotification',
  'StartTransaction',
  'MeterValues',
  'StopTransaction',
  'Authorize',
  'Heartbeat',
] as const;

/** Every step at which CRASH_AT can kill a service while sessions run. */
export const namedSteps: Readonly<Record<ServiceName, readonly string[]>> = {
  'ocpp-gateway': [
    ...everywhere,
    ...spokenActions.map((action) => `gateway.before-record.${action}`),
    ...spokenActions.map((action) => `gateway.before-answer.${action}`),
  ],
  authorization: everywhere,
  'pricing-engine': everywhere,
  'payment-capture': [
    ...everywhere,
    'payment.before-call',
    'payment.after-call',
    'payment.webhook-observed',
  ],
  ledger: everywhere,
  reconciliation: everywhere,
};

/** Only an empty database passes this one: it belongs to the fault `database-lost`. */
export const adoptionStep = 'adoption.after-batch';

/** Nobody gives commands while the bench's sessions run: their steps are not among its faults. */
export const commandSteps = ['gateway.before-command.', 'gateway.after-command.'] as const;

export type NamedStep = Readonly<{ service: ServiceName; step: string }>;

export const allNamedSteps: readonly NamedStep[] = Object.entries(namedSteps).flatMap(
  ([service, steps]) => steps.map((step) => ({ service: service as ServiceName, step })),
);
