import type { TopicName } from '@tallywatt/contracts';
import type { Draw } from '@tallywatt/derivations';
import {
  logEnds,
  scanLog,
  type KafkaConnection,
  type LogEnds,
  type ScannedRecord,
} from '@tallywatt/event-log';
import { placeText } from './log-access';
import { SessionWhatIf, type SessionAnswer, type WhatIfQuestion } from './session-what-if';

/** Effects before causes, see `logEnds`. */
const askedTopics = [
  'pricing.cdrs.v1',
  'access.allowances.v1',
  'charging.sessions.v1',
  'pricing.tariffs.v1',
] as const satisfies readonly TopicName[];

/** What the log says to a question. */
export type LogAnswer = Readonly<{
  answers: Iterable<SessionAnswer>;
  /** Records of sessions that cannot be read, and nobody knows whether they are asked for. */
  unreadable: readonly string[];
  /** The tariff that is to be replaced was never published. */
  replacesNothing: boolean;
}>;

/**
 * Reads what was drawn, then sessions, then CDRs, and keeps the sessions that are asked for and nothing of the others.
 * Nothing is written.
 */
export const askLog = async (
  kafka: KafkaConnection,
  question: WhatIfQuestion,
): Promise<LogAnswer> => {
  const ends = await logEnds({ ...kafka, topics: askedTopics });
  if (!(await isPublished(kafka, ends, question))) {
    return { answers: [], unreadable: [], replacesNothing: true };
  }
  const reading = new WhatIfReading(question);
  const read = ['access.allowances.v1', 'charging.sessions.v1', 'pricing.cdrs.v1'] as const;
  for (const topic of read) {
    await scanLog({
      ...kafka,
      topics: [topic],
      ends,
      take: (records) => records.forEach((record) => reading.take(record)),
    });
  }
  return { answers: reading.answers(), unreadable: reading.unreadable, replacesNothing: false };
};

const isPublished = async (
  kafka: KafkaConnection,
  ends: LogEnds,
  { cpoId, replaces }: WhatIfQuestion,
): Promise<boolean> => {
  if (replaces === undefined) return true;
  let found = false;
  await scanLog({
    ...kafka,
    topics: ['pricing.tariffs.v1'],
    ends,
    take: (records) => {
      for (const { recorded } of records) {
        const event = recorded?.event;
        if (event?.type !== 'TariffPublished' || event.cpoId !== cpoId) continue;
        if (event.tariff.tariffId === replaces) found = true;
      }
    },
  });
  return found;
};

const drawName = ({ cpoId, sessionId, energyRevision }: Draw): string =>
  `${cpoId}/${sessionId}/${energyRevision}`;

class WhatIfReading {
  private readonly sessions = new Map<string, SessionWhatIf>();
  /** By CPO id, session id and energy revision. */
  private readonly draws = new Map<string, bigint>();
  readonly unreadable: string[] = [];

  constructor(private readonly question: WhatIfQuestion) {}

  take({ key, position, recorded, fault }: ScannedRecord): void {
    const known = this.sessions.get(key);
    if (recorded === undefined) {
      const place = `${placeText(position)}: ${fault}`;
      known?.spoil(place);
      // Of a session that is not followed it may be the start.
      const isOurs = key.startsWith(`${this.question.cpoId}/`);
      if (known === undefined && isOurs && position.topic === 'charging.sessions.v1') {
        this.unreadable.push(place);
      }
      return;
    }
    const { event, metadata } = recorded;
    switch (event.type) {
      case 'CdrIssued':
      case 'CreditCdrIssued':
      case 'CdrWithheld':
        return known?.takeCdr(event, metadata.sequence);
      case 'AllowanceDrawn':
      case 'AllowanceReturned':
        this.draws.set(drawName(event), event.sessionDrawnMilliWh);
        return;
      case 'SessionStarted': {
        const session =
          known ?? SessionWhatIf.of(this.question, event, (draw) => this.draws.get(drawName(draw)));
        if (session !== undefined) this.sessions.set(key, session);
        return session?.takeFact(event, metadata.sequence);
      }
      case 'MeterValuesRecorded':
      case 'ChargingStateChanged':
      case 'SessionStopped':
      case 'SessionClosed':
      case 'StopConflicted':
      case 'StopCorrected':
      case 'TransactionGapNoticed':
      case 'TransactionGapHealed':
      case 'TransactionGapGivenUp':
      case 'SessionQuarantined':
      case 'SessionReleased':
        return known?.takeFact(event, metadata.sequence);
      default:
    }
  }

  *answers(): Iterable<SessionAnswer> {
    for (const session of this.sessions.values()) yield session.answer();
  }
}
