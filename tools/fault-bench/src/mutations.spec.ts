import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Script } from 'node:vm';
import { transpileModule, ModuleKind, ScriptTarget } from 'typescript';
import { mutated, mutationNames, mutations, type Passage } from './mutations';

const workspace = join(__dirname, '..', '..', '..');
const passages = mutationNames.flatMap((name) =>
  mutations[name].passages.map((passage) => ({ name, passage, file: basename(passage.file) })),
);

/** As `tsc -b` builds it, from the source as it is now: a stale build proves nothing. */
const builtFromSource = ({ file }: Passage): string => {
  const source = join(workspace, file.replace('/dist/', '/src/').replace(/\.js$/, '.ts'));
  return transpileModule(readFileSync(source, 'utf8'), {
    compilerOptions: { target: ScriptTarget.ES2022, module: ModuleKind.CommonJS },
  }).outputText;
};

describe.each(passages)('mutation $name in $file', ({ passage }) => {
  it('has its passage, and is a program afterwards', () => {
    const built = builtFromSource(passage);
    const changed = mutated(passage, built);
    expect(changed).not.toBe(built);
    expect(changed).toContain(passage.replacement);
    expect(() => new Script(changed)).not.toThrow();
  });
});

describe('a mutation', () => {
  const passage = { file: 'x.js', text: 'const one = 1;', replacement: 'const one = 2;' };

  it('is refused when its passage is gone', () => {
    expect(() => mutated(passage, 'const two = 2;')).toThrow('found 0 times in x.js');
  });

  it('is refused when its passage is there twice', () => {
    expect(() => mutated(passage, `${passage.text}\n${passage.text}`)).toThrow('found 2 times');
  });
});
