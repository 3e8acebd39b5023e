/** Puts questions in one call; the outcomes are as many and in their order. */
export type AskTogether<Question, Outcome> = (
  questions: readonly Question[],
) => Promise<readonly Outcome[]>;

/** More questions wait than may. */
export class QuestionsWaiting extends Error {
  readonly code = 'too-many-questions';
}

type Waiting<Question, Outcome> = Readonly<{
  question: Question;
  resolve: (outcome: Outcome) => void;
  reject: (error: unknown) => void;
}>;

export type BatchLimits = Readonly<{
  /** Calls under way at the same time. */
  callsMax: number;
  /** Questions of one call. */
  batchMax: number;
  /** Questions that no call has taken yet. */
  waitingMax: number;
}>;

/**
 * The first question goes at once; those that come while as many calls as may be are under way go
 * together in the next, as in a group commit: one at a time costs one call each, a thousand a second
 * cost as many calls as the other side has answered meanwhile.
 */
export class QuestionBatches<Question, Outcome> {
  private readonly waiting: Waiting<Question, Outcome>[] = [];
  private calls = 0;

  constructor(
    private readonly askTogether: AskTogether<Question, Outcome>,
    private readonly limits: BatchLimits,
  ) {}

  /** @throws QuestionsWaiting, and whatever the call throws that took the question. */
  ask(question: Question): Promise<Outcome> {
    if (this.waiting.length >= this.limits.waitingMax) {
      return Promise.reject(new QuestionsWaiting(`${this.waiting.length} questions wait`));
    }
    return new Promise((resolve, reject) => {
      this.waiting.push({ question, resolve, reject });
      if (this.calls < this.limits.callsMax) void this.begin();
    });
  }

  private async begin(): Promise<void> {
    this.calls += 1;
    // Frames that the sockets hand over in the same turn go together.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.waiting.length > 0) await this.call(this.waiting.splice(0, this.limits.batchMax));
    this.calls -= 1; // in the same turn: who comes after this begins anew
  }

  private async call(batch: readonly Waiting<Question, Outcome>[]): Promise<void> {
    try {
      const outcomes = await this.askTogether(batch.map(({ question }) => question));
      if (outcomes.length !== batch.length) {
        throw new Error(`${batch.length} questions got ${outcomes.length} outcomes`);
      }
      outcomes.forEach((outcome, index) => batch[index]?.resolve(outcome));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}
