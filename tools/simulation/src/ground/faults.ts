import type { Chance } from './chance';

/** How badly the world behaves in one run; each seed draws its own. Rates are probabilities. */
export type Faults = Readonly<{
  /** A process dies at one of its named steps. */
  crashAtStep: number;
  /** Deaths at a moment of their own, in the whole run. */
  crashes: number;
  /** A process stays away for hours or days after a death. */
  longOutage: number;
  /** The relay's batch arrives, and its acknowledgement does not. */
  acknowledgementLost: number;
  /** The relay's batch arrives in part. */
  batchTorn: number;
  /** A batch arrives once more, long after. */
  batchLate: number;
  /** A fetched chunk is taken again by an owner that lost its partition. */
  chunkAgain: number;
  /** A partition stands still, for seconds to hours. */
  partitionStalls: number;
  /** A topic that lags behind all others, by hours. */
  slowTopic: string;
  /** A charger's connection breaks. */
  connectionBreaks: number;
  /** The answer to a frame is lost. */
  answerLost: number;
  /** Authorization cannot be asked. */
  authorizationAway: number;
  /** The processor did it, and its answer is lost. */
  processorAnswerLost: number;
  processorBusy: number;
  /** 5xx, with or without the deed done, saved under its key or not. */
  processorFails: number;
  /** A request reaches the processor after its sender has given up. */
  processorLate: number;
  webhookLost: number;
  webhookDoubled: number;
  webhookLate: number;
}>;

export const calm: Faults = {
  crashAtStep: 0,
  crashes: 0,
  longOutage: 0,
  acknowledgementLost: 0,
  batchTorn: 0,
  batchLate: 0,
  chunkAgain: 0,
  partitionStalls: 0,
  slowTopic: '',
  connectionBreaks: 0,
  answerLost: 0,
  authorizationAway: 0,
  processorAnswerLost: 0,
  processorBusy: 0,
  processorFails: 0,
  processorLate: 0,
  webhookLost: 0,
  webhookDoubled: 0,
  webhookLate: 0,
};

const slowTopics = [
  '',
  '',
  'charging.sessions.v1',
  'access.allowances.v1',
  'ledger.journal.v1',
  'payments.payments.v1',
  'payments.settlements.v1',
  'pricing.cdrs.v1',
  'pricing.tariffs.v1',
];

/**
 * Swarm testing: a run has some kinds of faults in plenty and others not at all, because faults
 * that are always there hide each other.
 */
export const drawFaults = (chance: Chance): Faults => {
  const rate = (some: number, many: number): number => chance.pick([0, some, many]);
  return {
    crashAtStep: rate(0.002, 0.02),
    crashes: rate(3, 12),
    longOutage: rate(0.05, 0.3),
    acknowledgementLost: rate(0.05, 0.3),
    batchTorn: rate(0.05, 0.3),
    batchLate: rate(0.05, 0.3),
    chunkAgain: rate(0.05, 0.3),
    partitionStalls: rate(0.02, 0.1),
    slowTopic: chance.pick(slowTopics),
    connectionBreaks: rate(0.02, 0.15),
    answerLost: rate(0.05, 0.3),
    authorizationAway: rate(0.05, 0.3),
    processorAnswerLost: rate(0.05, 0.4),
    processorBusy: rate(0.05, 0.3),
    processorFails: rate(0.05, 0.4),
    processorLate: rate(0.05, 0.3),
    webhookLost: rate(0.05, 0.5),
    webhookDoubled: rate(0.05, 0.5),
    webhookLate: rate(0.05, 0.5),
  };
};
