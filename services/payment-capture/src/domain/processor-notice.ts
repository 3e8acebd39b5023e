import { derivedId } from '@tallywatt/contracts';
import type { ProcessorAnswer } from './processor-call';

const aboutMoney = /^(charge\.(updated|captured|refunded)|refund\.|balance\.|payout\.)/;

/** A rule: which webhooks say that the processor's balance has to be looked at. */
export const isAboutMoney = (type: string): boolean => aboutMoney.test(type);

/** Ours are UUIDs; a refund that was made in the processor's dashboard goes by its own id. */
const processorRefund = /^re_/;

/** The answer with a refund of the processor's own under an id of ours, the same every time. */
export const withOwnRefundId = (
  answer: ProcessorAnswer,
  { cpoId, paymentId }: Readonly<{ cpoId: string; paymentId: string }>,
): ProcessorAnswer =>
  'refundId' in answer && processorRefund.test(answer.refundId)
    ? { ...answer, refundId: derivedId(cpoId, 'refund', paymentId, answer.refundId) }
    : answer;
