import { QuestionBatches, QuestionsWaiting } from './question-batches';

const limits = { callsMax: 1, batchMax: 3, waitingMax: 5 };
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** The other side, which answers each call when a test says so. */
const heldCalls = () => {
  const calls: { questions: readonly string[]; answer: (outcomes: readonly string[]) => void }[] =
    [];
  const batches = new QuestionBatches<string, string>(
    (questions) => new Promise((answer) => calls.push({ questions, answer })),
    limits,
  );
  const answered: string[] = [];
  const ask = (question: string): void => {
    batches.ask(question).then(
      (outcome) => answered.push(outcome),
      (error: Error) => answered.push(error.name),
    );
  };
  const asked = (): (readonly string[])[] => calls.map(({ questions }) => questions);
  return { batches, calls, answered, ask, asked };
};

describe('questions that are asked together', () => {
  it('go at once, and those that come meanwhile go in the next call', async () => {
    const { calls, answered, ask, asked } = heldCalls();
    ask('a');
    await turn();
    for (const question of ['b', 'c', 'd', 'e']) ask(question);
    await turn();
    expect(asked()).toEqual([['a']]);
    calls[0]?.answer(['A']);
    await turn();
    expect([answered, asked()]).toEqual([['A'], [['a'], ['b', 'c', 'd']]]);
    calls[1]?.answer(['B', 'C', 'D']);
    await turn();
    calls[2]?.answer(['E']);
    await turn();
    expect(answered).toEqual(['A', 'B', 'C', 'D', 'E']);
    ask('f');
    await turn();
    expect(asked()[3]).toEqual(['f']);
  });

  it('that come in one turn go in one call', async () => {
    const { ask, asked } = heldCalls();
    ask('a');
    ask('b');
    await turn();
    expect(asked()).toEqual([['a', 'b']]);
  });

  it('are refused beyond what may wait', async () => {
    const { batches, ask } = heldCalls();
    ask('a');
    await turn();
    for (const question of ['b', 'c', 'd', 'e', 'f']) ask(question);
    await expect(batches.ask('g')).rejects.toBeInstanceOf(QuestionsWaiting);
  });

  it('fail with their call, and with an answer of another length', async () => {
    const { calls, answered, ask } = heldCalls();
    ask('a');
    ask('b');
    await turn();
    calls[0]?.answer(['A']);
    await turn();
    expect(answered).toEqual(['Error', 'Error']);
  });
});
