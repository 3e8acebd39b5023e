import type { Benchmark } from '../contest';
import { runBare, runOurs } from './stop-runs';
import { chargers, openStage, type Stage } from './stop-stage';

const atRate = (stage: Stage, perSecond: number, seconds: number): Benchmark => {
  const count = perSecond * seconds;
  return {
    id: `stop-to-journal-${perSecond}`,
    title: `StopTransaction to journal entry, ${perSecond} a second`,
    about:
      `${count} stops in ${seconds} s over ${chargers} connections, sessions begun before; from ` +
      'the write of the stop to its confirmation, to the commit of its journal entry (as ' +
      'PostgreSQL stamps it, before the flush), and to the arrival of the entry’s record at a ' +
      'consumer. The sessions have no card, so no processor is called; each is booked and opens ' +
      'a receivable',
    contenders: [
      {
        name: 'six services',
        role: 'ours',
        about: 'gateway, pricing-engine and ledger on the way, the other three beside it',
        run: () => runOurs(stage, perSecond, count),
      },
      {
        name: 'bare pipeline',
        role: 'limit',
        about:
          'ws, Kafka, one multiplication, Kafka, PostgreSQL commit in three processes; the six services are idle',
        run: () => runBare(stage, perSecond, count),
      },
    ],
  };
};

/** The whole system, as `npm start` runs it, and the bare pipeline on the same servers. */
export const openEndToEnd = async (
  quick: boolean,
  report: (line: string) => void,
): Promise<{
  postgresUrl: string;
  benchmarks: readonly Benchmark[];
  close: () => Promise<void>;
}> => {
  const closing: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const step of closing.splice(0).reverse()) await step();
  };
  try {
    const stage = await openStage(report, (step) => void closing.push(step));
    return {
      postgresUrl: stage.system.addresses.postgres,
      benchmarks: [50, 100, 200].map((rate) => atRate(stage, rate, quick ? 2 : 3)),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
};
