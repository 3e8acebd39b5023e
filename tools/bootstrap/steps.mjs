// The steps of `npm run check` and `npm test`, and how they are counted.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { bin, run, tsc, workspace } from './prepare.mjs';

const results = [];

/** Runs one step and remembers whether it held; later steps run all the same. */
export const step = async (name, work) => {
  const started = Date.now();
  console.log(`\n== ${name}`);
  let counts;
  try {
    counts = await work();
  } catch (error) {
    console.error(error);
    counts = { passed: 0, failed: 1 };
  }
  results.push({ name, seconds: (Date.now() - started) / 1000, ...counts });
};

const oneOf = (code) => (code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 });

const jestReports = join(workspace, '.tallywatt', 'test-reports');

const runJest = async (kind, name, args) => {
  mkdirSync(jestReports, { recursive: true });
  const report = join(jestReports, `${name}.json`);
  rmSync(report, { force: true });
  const code = await run(
    process.execPath,
    [
      join(workspace, 'node_modules', 'jest', 'bin', 'jest.js'),
      '--json',
      `--outputFile=${report}`,
      '--silent=false',
      ...args,
    ],
    { env: { TEST_KIND: kind }, stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const result = JSON.parse(readFileSync(report, 'utf8'));
  // A test file that cannot even be loaded has no tests to fail: it counts as one.
  const failed = result.numFailedTests + result.numRuntimeErrorTestSuites;
  return { result, failed: code !== 0 && failed === 0 ? 1 : failed };
};

/** Runs the tests of one kind (unit, int, e2e) over all projects. */
export const jest = async (kind, args = []) => {
  const { result, failed } = await runJest(kind, kind, args);
  if (result.numPendingTests > 0) console.log(`${result.numPendingTests} tests were skipped`);
  return { passed: result.numPassedTests, failed, result };
};

/** More failing files than these are no accident of a busy machine. */
const mostUnsteadyFiles = 3;

/**
 * As `jest`, for tests that start servers beside each other. A few files that failed run once more,
 * alone: what holds then failed for want of machine. It counts as passed and is named as unsteady in
 * the summary, for somebody to find the race; its first report stays in `.tallywatt/test-reports`.
 */
export const jestBesideEachOther = async (kind, args = []) => {
  const first = await jest(kind, args);
  const files = first.result.testResults
    .filter(({ status }) => status === 'failed')
    .map(({ name }) => name);
  if (files.length === 0 || files.length > mostUnsteadyFiles) return first;
  console.log(`\n${files.length} test files failed beside others and run once more, alone`);
  const alone = await runJest(kind, `${kind}-alone`, ['--runInBand', '--runTestsByPath', ...files]);
  if (alone.failed > 0) return first;
  const passed = first.passed + first.failed;
  return { passed, failed: 0, unsteady: files.map((file) => relative(workspace, file)) };
};

const digestOf = (directory) => {
  const hash = createHash('sha256');
  for (const file of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!file.isFile()) continue;
    const path = join(file.parentPath ?? file.path, file.name);
    hash.update(path).update(readFileSync(path));
  }
  return hash.digest('hex');
};

/** Boundaries depend on more than the file that is linted: another graph, another cache. */
const dependencyDigest = () => {
  const hash = createHash('sha256').update(readFileSync(join(workspace, 'eslint.config.mjs')));
  for (const folder of ['libs', 'services', 'tools']) {
    for (const project of readdirSync(join(workspace, folder)).sort()) {
      const file = join(workspace, folder, project, 'package.json');
      if (existsSync(file)) hash.update(readFileSync(file));
    }
  }
  return hash.digest('hex').slice(0, 16);
};

/** The quick half: what needs no servers. */
export const quickSteps = async () => {
  await step('types and build', async () => oneOf(await run(process.execPath, [tsc, '-b'])));
  await step('contracts: lint', async () =>
    oneOf(await run(bin('buf'), ['lint'], { cwd: join(workspace, 'proto') })),
  );
  await step('contracts: no breaking change', async () =>
    oneOf(
      await run(bin('buf'), ['breaking', '--against', 'baseline.binpb'], {
        cwd: join(workspace, 'proto'),
      }),
    ),
  );
  await step('contracts: generated code is current', async () => {
    const generated = join(workspace, 'libs', 'contracts', 'src', 'gen');
    const before = digestOf(generated);
    const code = await run(bin('buf'), ['generate'], { cwd: join(workspace, 'proto') });
    if (code === 0 && before !== digestOf(generated)) {
      console.error('libs/contracts/src/gen was out of date; `npm run gen` and commit it.');
      return { passed: 0, failed: 1 };
    }
    return oneOf(code);
  });
  await step('lint', async () => {
    // The boundary rule reads Nx's project graph and is silently skipped without one.
    const graph = await run(bin('nx'), ['show', 'projects'], { stdio: 'ignore' });
    if (graph !== 0) throw new Error('Nx could not read the project graph');
    return oneOf(
      await run(bin('eslint'), [
        '.',
        '--quiet',
        '--cache',
        '--cache-strategy',
        'content',
        '--cache-location',
        `.nx/eslint-cache-${dependencyDigest()}`,
      ]),
    );
  });
  await step('format', async () =>
    oneOf(await run(bin('prettier'), ['--check', '--log-level', 'warn', '.'])),
  );
  await step('unit tests', () => jest('unit'));
};

/** Prints what held, and ends the process accordingly. */
export const report = () => {
  const sum = (pick) => results.reduce((total, result) => total + pick(result), 0);
  console.log('\n== summary');
  for (const { name, seconds, passed, failed, unsteady = [] } of results) {
    console.log(
      `${failed === 0 ? 'ok  ' : 'FAIL'} ${name}: ${passed} passed, ${failed} failed (${seconds.toFixed(0)} s)`,
    );
    for (const file of unsteady) console.log(`     unsteady, held only alone: ${file}`);
  }
  const failed = sum((result) => result.failed);
  console.log(`${sum((result) => result.passed)} passed, ${failed} failed`);
  process.exit(failed === 0 ? 0 : 1);
};
