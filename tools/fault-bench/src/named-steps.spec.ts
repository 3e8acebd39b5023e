import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { adoptionStep, commandSteps, namedSteps } from './named-steps';

const workspace = join(__dirname, '..', '..', '..');

/** What the sources call steps: the literal, or the literal part of a template. */
const stepsInSources = (): string[] => {
  const found = execFileSync(
    'git',
    ['grep', '-hoE', 'crashPoint\\([`\'"][^`\'"$]+', '--', 'libs/*.ts', 'services/*.ts'],
    { cwd: workspace, encoding: 'utf8' },
  );
  const names = found.split('\n').map((line) => line.replace(/^crashPoint\(./, ''));
  return [...new Set(names.filter((name) => name !== ''))];
};

it('knows every step at which the product can be killed', () => {
  const known = [...Object.values(namedSteps).flat(), adoptionStep, ...commandSteps];
  const sources = stepsInSources();
  expect(sources.length).toBeGreaterThan(10);
  expect(sources.filter((step) => !known.some((one) => one.startsWith(step)))).toEqual([]);
  expect(known.filter((one) => !sources.some((step) => one.startsWith(step)))).toEqual([]);
});
