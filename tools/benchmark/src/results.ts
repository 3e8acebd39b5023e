import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchmarkResult } from './contest';
import type { Machine } from './machine';

/** All figures of one project, as they lie in `docs/benchmarks/<project>.json`. */
export type ProjectResult = Readonly<{
  project: string;
  takenAt: string;
  commit: string;
  machine: Machine;
  benchmarks: readonly BenchmarkResult[];
}>;

export const resultsFolder = (workspace: string): string => join(workspace, 'docs', 'benchmarks');

export const pageFile = (workspace: string): string => join(workspace, 'docs', 'benchmarks.md');

/** Puts the figures of a project beside those of the others. */
export const writeResult = (folder: string, result: ProjectResult): void => {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${result.project}.json`), `${JSON.stringify(result, null, 1)}\n`);
};

/** What has been measured so far, by name of project. */
export const readResults = (folder: string): ProjectResult[] => {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as ProjectResult);
};
