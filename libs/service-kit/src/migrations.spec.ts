import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readMigrations } from './migrations';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'migrations-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const write = (...files: string[]): void => {
  for (const file of files) writeFileSync(join(directory, file), `-- ${file}`);
};

describe('the migrations of a service', () => {
  it('are read in the order of their numbers', () => {
    write('0002_more.sql', '0001_things.sql');
    expect(readMigrations(directory)).toEqual([
      { name: '0001_things', sql: '-- 0001_things.sql' },
      { name: '0002_more', sql: '-- 0002_more.sql' },
    ]);
  });

  it('are refused by the name of the file that has no number', () => {
    write('things.sql');
    expect(() => readMigrations(directory)).toThrow(/things\.sql: migrations are named/);
  });

  it('are refused when two have one number', () => {
    write('0001_things.sql', '0001_more.sql');
    expect(() => readMigrations(directory)).toThrow(
      /0001_things\.sql: 0001_more\.sql has the number 0001 already/,
    );
  });
});
