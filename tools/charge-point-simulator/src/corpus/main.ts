import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { type CaseRun, runCase } from './case-run';
import { type CorpusCase, corpusDirectory, readCorpus } from './corpus-case';
import { factFaults, type ObservedFacts } from './session-facts';

const HELP = `Plays misbehaving chargers against any OCPP server.

  npx ocpp-corpus --url ws://127.0.0.1:9310/ocpp [options]

  --url URL         server, without the charge point id (required, but for --list)
  --password TEXT   HTTP basic auth, the same for all
  --prefix TEXT     put before the name of a case, this is its charge point's id   [CORPUS-]
  --only NAME       this case; may be repeated
  --cases DIRECTORY cases of your own
  --facts COMMAND   asked after each case what the server has made of it
  --patience-ms N   how long an answer may take                                    [30000]
  --list            print, a line of JSON each, the chargers and tokens that a server has to know
  --help

The command of --facts gets {"name", "protocol", "chargePointId", "captured"} as JSON on standard
input, and prints the facts as the README of the corpus has them. Without it only answers are judged.
Exit code 0: as expected; 1: not; 2: wrong arguments.
`;

const OPTIONS = {
  url: { type: 'string' },
  password: { type: 'string' },
  prefix: { type: 'string', default: 'CORPUS-' },
  only: { type: 'string', multiple: true },
  cases: { type: 'string', default: corpusDirectory },
  facts: { type: 'string' },
  'patience-ms': { type: 'string', default: '30000' },
  list: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

/** Asks the command what the server has made of a case. */
const askFacts = async (
  command: string,
  { name, protocol }: CorpusCase,
  { chargePointId, scope }: CaseRun,
): Promise<ObservedFacts> => {
  const child = spawn(command, { shell: true, stdio: ['pipe', 'pipe', 'inherit'] });
  const captured = Object.fromEntries(scope.captured);
  child.stdin.end(JSON.stringify({ name, protocol, chargePointId, captured }));
  return JSON.parse(await text(child.stdout)) as ObservedFacts;
};

const factsOf = async (
  command: string | undefined,
  corpusCase: CorpusCase,
  run: CaseRun,
): Promise<readonly string[]> => {
  if (command === undefined || run.faults.length > 0) return [];
  try {
    return factFaults(corpusCase.facts, await askFacts(command, corpusCase, run), run.scope);
  } catch (error) {
    return [`the facts cannot be read: ${String(error)}`];
  }
};

const printList = (cases: readonly CorpusCase[], prefix: string): void => {
  for (const { name, protocol, station, tokens } of cases) {
    console.log(JSON.stringify({ chargePointId: prefix + name, protocol, ...station, tokens }));
  }
};

const main = async (): Promise<void> => {
  const { values } = parseArgs({ options: OPTIONS, allowPositionals: false });
  if (values.help) return console.log(HELP);
  const { url, password, prefix, facts, only } = values;
  const all = readCorpus(values.cases);
  const cases = all.filter(({ name }) => only === undefined || only.includes(name));
  const unknown = only?.filter((name) => !all.some((one) => one.name === name)) ?? [];
  if (unknown.length > 0) throw new TypeError(`there is no case ${unknown.join(', ')}`);
  if (values.list) return printList(cases, prefix);
  if (url === undefined) throw new TypeError('--url is missing');
  const patienceMs = Number(values['patience-ms']);
  if (!(patienceMs > 0)) throw new TypeError('--patience-ms must be above 0');
  let failed = 0;
  for (const corpusCase of cases) {
    const chargePointIdOf = ({ name }: CorpusCase): string => prefix + name;
    const run = await runCase(corpusCase, { url, password, patienceMs, chargePointIdOf });
    const faults = [...run.faults, ...(await factsOf(facts, corpusCase, run))];
    console.log(`${faults.length === 0 ? 'ok  ' : 'FAIL'} ${corpusCase.name}`);
    for (const fault of faults) console.log(`       ${fault}`);
    if (faults.length > 0) failed += 1;
  }
  console.log(`${cases.length - failed} of ${cases.length} as expected`);
  if (failed > 0) process.exitCode = 1;
};

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  console.error('See --help.');
  process.exitCode = 2;
});
