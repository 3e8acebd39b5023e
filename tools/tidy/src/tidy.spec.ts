import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { eventContracts } from '@tallywatt/contracts';

const workspace = join(__dirname, '..', '..', '..');
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: workspace,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && existsSync(join(workspace, file)));
const read = (file: string) => readFileSync(join(workspace, file), 'utf8');
const written = files.filter(
  (file) => /\.(ts|mjs|md|proto|sql|sh)$/.test(file) && !file.includes('/gen/'),
);
const projects = files
  .filter((file) => /^(libs|services|tools)\/[^/]+\/package\.json$/.test(file))
  .map((file) => file.slice(0, -'/package.json'.length));

describe('names', () => {
  const banned =
    /^(common|shared|utils?|helpers?|base|core|misc|types|interfaces|dto|manager)(\.|$)/;
  const parts = files
    .filter((file) => /^(services|libs|proto|tools)\//.test(file) && !file.includes('/gen/'))
    .map((file) => ({ file, offending: file.split('/').find((part) => banned.test(part)) }));

  it('say what is inside: no corners for leftovers', () => {
    expect(parts.filter(({ offending }) => offending !== undefined)).toEqual([]);
  });

  it('of source files are kebab-case nouns', () => {
    const odd = files.filter(
      (file) =>
        /^(services|libs|tools)\/.*\.ts$/.test(file) &&
        !file.includes('/gen/') &&
        !/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9-]+)*\.ts$/.test(basename(file)),
    );
    expect(odd).toEqual([]);
  });

  it('index.ts: one in each library and tool, none in services', () => {
    const indexes = files.filter(
      (file) => basename(file) === 'index.ts' && !file.includes('/gen/'),
    );
    expect(indexes.filter((file) => file.startsWith('services/'))).toEqual([]);
    expect(indexes.filter((file) => !/^(libs|tools)\/[^/]+\/src\/index\.ts$/.test(file))).toEqual(
      [],
    );
  });
});

describe('READMEs', () => {
  it.each(projects)('%s has one, with one title', (project) => {
    const readme = join(project, 'README.md');
    expect(files).toContain(readme);
    const titles = read(readme)
      .replace(/```[\s\S]*?```/g, '')
      .split('\n')
      .filter((line) => line.startsWith('# '));
    expect(titles).toHaveLength(1);
  });

  it.each(projects.filter((project) => project.startsWith('services/')))(
    '%s answers the five questions of a service',
    (project) => {
      const headings = read(join(project, 'README.md'))
        .split('\n')
        .filter((line) => line.startsWith('## '));
      expect(headings).toEqual(
        expect.arrayContaining([
          '## Owns',
          '## Does not own',
          '## Events in and out',
          '## Invariants',
          '## Time',
        ]),
      );
    },
  );
});

describe('the glossary', () => {
  it('has a line for every event, and for no other', () => {
    const section = read('docs/glossary.md').split('## Events')[1] ?? '';
    const named = [...section.matchAll(/^\| ([A-Z][A-Za-z]+) \|/gm)].map((match) => match[1]);
    expect([...named].sort()).toEqual(Object.keys(eventContracts).sort());
  });
});

describe('ADRs', () => {
  const records = files.filter((file) => /^docs\/adr\/\d{4}-/.test(file));

  it('are numbered without a gap', () => {
    const numbers = records.map((file) => Number(basename(file).slice(0, 4)));
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  });

  it.each(records)('%s says context, decision, consequences and alternatives', (file) => {
    const headings = ['## Context', '## Decision', '## Consequences', '## Alternatives considered'];
    for (const heading of headings) expect(read(file)).toContain(heading);
  });
});

describe('what is written', () => {
  const marker = new RegExp(
    `\\b(${['TO', 'FIX'].map((start, at) => start + ['DO', 'ME'][at]).join('|')})\\b`,
  );

  it('has no notes to be done later', () => {
    expect(written.filter((file) => marker.test(read(file)))).toEqual([]);
  });

  it('has no skipped or focused test', () => {
    const skip = /\b(it|test|describe)\.(skip|only|todo)\b|\bx(it|describe)\(/;
    const specs = files.filter(
      (file) => file.endsWith('.spec.ts') && !file.startsWith('tools/tidy/'),
    );
    expect(specs.filter((file) => skip.test(read(file)))).toEqual([]);
  });

  it('links in Markdown lead somewhere', () => {
    const broken = files
      .filter((file) => file.endsWith('.md'))
      .flatMap((file) =>
        [...read(file).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)(#[^)]*)?\)/g)].map(
          (match) => ({
            file,
            target: join(file, '..', match[1] ?? ''),
          }),
        ),
      )
      .filter(({ target }) => !existsSync(join(workspace, target)));
    expect(broken).toEqual([]);
  });

  it('files that docs/tour.md names exist', () => {
    const named = [
      ...read('docs/tour.md').matchAll(/`((?:services|libs|proto|tools)\/[^`*{}]+)`/g),
    ];
    expect(named.length).toBeGreaterThan(10);
    expect(
      named.map((match) => match[1] ?? '').filter((path) => !existsSync(join(workspace, path))),
    ).toEqual([]);
  });
});
