import type { BenchOptions } from './bench';
import type { MutationName } from './mutations';

/** A run that is long enough to catch a mutation, with the faults that bring it to light. */
export const mutationRuns: Readonly<
  Record<
    MutationName,
    Pick<BenchOptions, 'sessions' | 'minutes' | 'settleMinutes'> &
      Required<Pick<BenchOptions, 'faults'>>
  >
> = {
  dedupe: {
    sessions: 40,
    minutes: 1,
    settleMinutes: 1,
    faults: ['acknowledgement-cut', 'crash-at-step'],
  },
  'relay-order': { sessions: 60, minutes: 1, settleMinutes: 1, faults: ['slow-commits'] },
  'early-ack': { sessions: 60, minutes: 1.5, settleMinutes: 1, faults: ['crash-at-step', 'kill'] },
};
