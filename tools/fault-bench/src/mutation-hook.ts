import { readFileSync } from 'node:fs';
import Module from 'node:module';
import { join, resolve } from 'node:path';
import { mutated, mutationNames, mutationNotice, mutations, mutationVariable } from './mutations';

// Loaded with --require into service processes of a mutation check, before their own code; the
// product has no switch for this.

type Compiling = Readonly<{
  prototype: { _compile: (this: Module, content: string, filename: string) => unknown };
}>;

const workspace = resolve(__dirname, '..', '..', '..');
const wanted = process.env[mutationVariable];
const name = mutationNames.find((known) => known === wanted);
if (name === undefined) throw new Error(`${mutationVariable} names no mutation: ${wanted}`);

const passages = new Map(
  mutations[name].passages.map((passage) => [join(workspace, passage.file), passage]),
);
// Fails here and now, and not only in a process that happens to load the file.
for (const [path, passage] of passages) mutated(passage, readFileSync(path, 'utf8'));

const { prototype } = Module as unknown as Compiling;
const compile = prototype._compile;
prototype._compile = function (content, filename) {
  const passage = passages.get(filename);
  if (passage === undefined) return compile.call(this, content, filename);
  process.stderr.write(`${mutationNotice(passage.file)}\n`);
  return compile.call(this, mutated(passage, content), filename);
};
