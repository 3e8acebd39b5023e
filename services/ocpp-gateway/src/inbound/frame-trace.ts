import { inSpan, isTracing, noParent, sessionAttributes, withLogFacts } from '@tallywatt/event-log';
import { traceOfTransaction } from '../outbound/session-trace';
import type { Frame, Gateway } from './frame';

/** OCPP-J, section 4.1.4. Spans wait in memory, and a frame can be nearly all message id. */
const messageIdLength = 36;

/**
 * The trace a frame belongs to: that of the session it names, if it names one. A frame that cannot
 * be placed begins a trace; so does the one that starts a session.
 */
const traceOf = async (
  { connection, params }: Frame<unknown>,
  { sql, logger }: Gateway,
): Promise<string> => {
  const said = params as { transactionId?: unknown; transactionInfo?: unknown } | null;
  const info = said?.transactionInfo as { transactionId?: unknown } | null | undefined;
  const named = said?.transactionId ?? info?.transactionId;
  if (named === undefined) return noParent;
  try {
    return (await traceOfTransaction(sql, connection, named)) ?? noParent;
  } catch (error) {
    logger.debug({ err: error }, 'the trace of a session could not be read');
    return noParent;
  }
};

/** Answers a frame in a span, from when it was received, in the trace of its session. */
export const inFrameSpan = async <T>(
  action: string,
  frame: Frame<unknown>,
  gateway: Gateway,
  work: () => Promise<T>,
): Promise<T> => {
  const { cpoId, chargePointId, ocppVersion } = frame.connection;
  const about = { cpoId, chargePointId };
  const answer = (): Promise<T> => withLogFacts(about, work);
  // A heartbeat says nothing of a session, and there are more of them than of all the rest.
  if (action === 'Heartbeat' || !isTracing()) return answer();
  const facts = {
    kind: 'server',
    parent: await traceOf(frame, gateway),
    startedAtMs: Date.parse(frame.receivedAt),
    attributes: {
      'rpc.system': 'ocpp',
      'rpc.method': action,
      'ocpp.version': ocppVersion,
      'ocpp.message_id': frame.messageId.slice(0, messageIdLength),
      ...sessionAttributes(about),
    },
  } as const;
  return inSpan(`OCPP ${action}`, facts, answer);
};
