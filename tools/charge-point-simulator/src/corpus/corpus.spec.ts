import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv from 'ajv';
import { corpusDirectory, readCorpus } from './corpus-case';

const corpus = readCorpus();
const isCase = new Ajv({ allErrors: true }).compile(
  JSON.parse(readFileSync(join(corpusDirectory, 'case.schema.json'), 'utf8')) as object,
);

describe('the corpus', () => {
  it.each(corpus.map((one) => [one.name, one] as const))('%s keeps to the schema', (_, one) => {
    isCase(one);
    expect(isCase.errors ?? []).toEqual([]);
  });

  it('has each case in a file of its name', () => {
    for (const { name, protocol } of corpus) {
      const path = join(corpusDirectory, `${name}.json`);
      expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ name });
      expect(name.startsWith(protocol === 'ocpp1.6' ? '1-6-' : '2-0-1-')).toBe(true);
    }
    expect(corpus.length).toBeGreaterThanOrEqual(60);
  });
});
