/** Structured log, in the manner of pino: what is known first, words second. */
export type Logger = Readonly<{
  debug(facts: object, message: string): void;
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
  /** Whether a line of that level would be written; for lines that cost something to make. */
  isLevelEnabled?(level: string): boolean;
}>;

/** What the event log counts; whoever starts a service connects it to its metrics. */
export type EventLogObserver = Readonly<{
  /** Records acknowledged by the broker. */
  published?(count: number): void;
  /** Age of the oldest row that waits for publication, when the relay last looked. */
  relayLagSeconds?(seconds: number): void;
  relayFailed?(error: Error): void;
  /** Events whose effects were committed, with the time their transaction took. */
  consumed?(consumer: string, topic: string, count: number, seconds: number): void;
  /** How long ago an event had been written down when its effects were committed. */
  delay?(consumer: string, topic: string, seconds: number): void;
  /** Records passed over because their stream sequence had been seen. */
  duplicates?(consumer: string, topic: string, count: number): void;
  /** An alarm: these records wait for an operator. */
  parked?(consumer: string, topic: string, count: number): void;
  /** A partition backs off; nothing is lost. */
  waiting?(consumer: string, topic: string, error: Error): void;
  /** Records of the consumer's topics that it has not taken. */
  lag?(consumer: string, records: number): void;
  /** Keys of the consumer of which records wait for an operator. */
  parkedKeys?(consumer: string, keys: number): void;
}>;
