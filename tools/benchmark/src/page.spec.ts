import { readFileSync } from 'node:fs';
import { pageOf } from './page';
import { pageFile, readResults, resultsFolder } from './results';
import { projects } from './projects';
import { workspace } from './servers';

describe('docs/benchmarks.md', () => {
  it('says what the results beside it say', () => {
    const results = readResults(resultsFolder(workspace));
    expect(readFileSync(pageFile(workspace), 'utf8')).toBe(pageOf(results));
  });

  it('has no results of projects that are not measured', () => {
    const known = Object.keys(projects);
    const kept = readResults(resultsFolder(workspace)).map(({ project }) => project);
    expect(kept.filter((project) => !known.includes(project))).toEqual([]);
  });

  it('was measured with fsync on', () => {
    const settings = readResults(resultsFolder(workspace)).map(({ machine }) => machine);
    const unsafe = settings.filter(
      ({ fsync, synchronousCommit }) => fsync !== 'on' || synchronousCommit !== 'on',
    );
    expect(unsafe).toEqual([]);
  });
});
