export { startStripeSandbox, type RunningSandbox } from './server';
export { apiVersion, type FixedWebhook, type StripeSandboxOptions } from './settings';
export type { FeeSchedule } from './fees';
export type { FaultKind } from './faults';
