import type { BenchOptions } from './bench';
import type { MutationName } from './mutations';

type MutationRun = Pick<BenchOptions, 'sessions' | 'minutes' | 'settleMinutes'> &
  Required<Pick<BenchOptions, 'faults' | 'services'>>;

/** Runs that are long enough to catch a mutation, with the faults that bring it to light. */
export const mutationRuns: Readonly<Record<MutationName, MutationRun>> = {
  dedupe: {
    sessions: 70,
    minutes: 1.5,
    settleMinutes: 1,
    faults: ['acknowledgement-cut', 'kafka-kill', 'kill'],
    services: ['ocpp-gateway', 'payment-capture'],
  },
  'relay-order': {
    sessions: 50,
    minutes: 1,
    settleMinutes: 1,
    faults: ['slow-commits'],
    services: [],
  },
  'early-ack': {
    sessions: 50,
    minutes: 1,
    settleMinutes: 1,
    faults: ['kill'],
    services: ['ocpp-gateway'],
  },
};
