import type { PaymentCommand } from './payment-command';
import { commandOf, type ProcessorAnswer, type ProcessorCall } from './processor-call';

/** Make the call, or ask the processor what became of it. */
export type CallStep = 'call' | 'question';

/** The processor keeps answers under a key for 24 h: later, the same key would do it again. */
const keyGoodForMs = 23 * 3_600_000;

/** What to do now with a call that was first tried then. */
export const stepNow = (nextStep: CallStep, firstTriedMs: number, nowMs: number): CallStep =>
  nowMs - firstTriedMs > keyGoodForMs ? 'question' : nextStep;

/**
 * What to do next after a step without a known outcome. An outcome saved under the key comes back
 * for ever, so only a question helps; and a question is not given up for a call.
 */
export const stepAfterSilence = (nextStep: CallStep, isSaved: boolean): CallStep =>
  isSaved ? 'question' : nextStep;

const backOffStartMs = 250;

/** The longest pause before the try after this many; callers take some part of it. */
export const backOffCeilingMs = (tries: number, mostMs: number): number =>
  Math.min(mostMs, backOffStartMs * 2 ** Math.min(tries, 20));

/**
 * A rule: what an answer to a call is for its payment. The processor that has no trace of a call
 * did not carry it out: a new key, a new call. While it is pending there is nothing to record.
 */
export const commandsAfter = (
  { idempotencyKey }: Pick<ProcessorCall, 'idempotencyKey'>,
  answer: ProcessorAnswer,
  chargePointId: string,
): readonly PaymentCommand[] => {
  if (answer.kind === 'nothing') return [{ type: 'RepeatCall', idempotencyKey }];
  const command = commandOf(answer, chargePointId);
  return command === undefined ? [] : [command];
};
