import { findSubject, until, type OperatorApi, type SubjectView } from '@tallywatt/demonstration';

/** Some seconds on an idle machine. */
const hopTimeoutMs = 180_000;

/** Whether what was billed is captured or owed. */
export const isPaid = ({ billedMinor, capturedMinor, receivableMinor }: SubjectView): boolean => {
  const paidMinor = BigInt(capturedMinor) + BigInt(receivableMinor);
  return paidMinor > 0n && paidMinor >= BigInt(billedMinor);
};

export const isReconciled = ({ status }: SubjectView): boolean => status === 'reconciled';

/** Waits until reconciliation has seen the money of a session: captured, or owed. */
export const untilPaid = (api: OperatorApi, sessionId: string): Promise<SubjectView> =>
  until(
    `session ${sessionId}: payment`,
    async () => {
      const subject = await findSubject(api, sessionId);
      return isPaid(subject) ? subject : undefined;
    },
    hopTimeoutMs,
  );

/** Waits until every session of the CPO has the status, and there are as many as expected. */
export const untilSubjects = async (
  api: OperatorApi,
  expected: number,
  is: (subject: SubjectView & Readonly<{ sessionId: string }>) => boolean,
  what: string,
): Promise<void> => {
  let others = '';
  try {
    await until(
      what,
      async () => {
        const subjects = await api.list<SubjectView & Readonly<{ sessionId: string }>>(
          'reconciliation',
          '/v1/subjects?limit=500',
        );
        const waiting = subjects.filter((subject) => !is(subject));
        others = `${subjects.length} of ${expected} sessions known; ${waiting
          .slice(0, 5)
          .map(({ sessionId, status, awaited }) => `${sessionId} ${status} ${awaited.join('+')}`)
          .join('; ')}`;
        return subjects.length === expected && waiting.length === 0 ? true : undefined;
      },
      hopTimeoutMs,
    );
  } catch (error) {
    throw new Error(`${(error as Error).message}: ${others}`, { cause: error });
  }
};
