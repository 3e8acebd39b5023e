import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const library = join(__dirname, '..', '..');
const workspace = join(library, '..', '..');

/** Compiles the programs that tests kill; the library's own build has no tests in it. */
export const compileFixture = (): void => {
  const compiler = join(workspace, 'node_modules/typescript/bin/tsc');
  execFileSync(process.execPath, [compiler, '-b', join(library, 'tsconfig.fixture.json')], {
    stdio: 'inherit',
  });
};

/** Where a compiled program of this folder lies. */
export const fixtureOf = (name: 'crash-fixture' | 'adoption-fixture'): string =>
  join(library, 'out-tsc', 'fixture', 'testing', `${name}.js`);
