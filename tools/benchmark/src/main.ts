import { parseArgs } from 'node:util';
import { runContest, type BenchmarkResult } from './contest';
import { describeMachine, measuredCommit } from './machine';
import { writePage } from './page';
import { resultsFolder, writeResult } from './results';
import { kafkaVersion, workspace } from './servers';
import { projects, type ProjectName } from './projects';

const usage =
  'Usage: node dist/main.js <project>|all|page [--rounds <n>] [--quick] [--only <benchmark>]\n' +
  `Projects: ${Object.keys(projects).join(', ')}. --quick and --only print figures and keep none.`;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

type Settings = Readonly<{ rounds: number; quick: boolean; only: string | undefined }>;

const measure = async (project: ProjectName, settings: Settings): Promise<void> => {
  const { postgresUrl, benchmarks, close } = await projects[project](settings.quick, say);
  try {
    const machine = await describeMachine(postgresUrl, kafkaVersion());
    const results: BenchmarkResult[] = [];
    for (const benchmark of benchmarks) {
      if (settings.only !== undefined && benchmark.id !== settings.only) continue;
      results.push(await runContest(benchmark, settings.rounds, say));
    }
    if (settings.quick || settings.only !== undefined) {
      for (const { id, ratios } of results) {
        for (const { ours, against, series, measure, median } of ratios) {
          say(`${id}: ${ours} to ${against}, ${series} ${measure}: ${median}`);
        }
      }
      return;
    }
    const takenAt = new Date().toISOString();
    const commit = measuredCommit(workspace);
    const result = { project, takenAt, commit, machine, benchmarks: results };
    writeResult(resultsFolder(workspace), result);
    writePage(workspace);
  } finally {
    await close();
  }
};

const main = async (): Promise<void> => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rounds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
    },
  });
  const { quick } = values;
  const rounds = Number(values.rounds ?? (quick ? 2 : 5));
  const [named, ...more] = positionals;
  if (named === 'page') return writePage(workspace);
  const known = Object.keys(projects) as ProjectName[];
  const chosen = named === 'all' ? known : known.filter((project) => project === named);
  if (chosen.length === 0 || more.length > 0 || !Number.isInteger(rounds) || rounds < 1) {
    throw new Error(usage);
  }
  for (const project of chosen) {
    await measure(project, { rounds, quick, only: values.only });
  }
};

main().catch((error: unknown) => {
  process.stderr.write(
    `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  process.exitCode = 1;
});
