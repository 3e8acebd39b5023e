import { columns, UsageFault, type Command } from './command';
import { callService } from './operator-api';
import { readTariffFiles, type FileFault, type TariffFiles } from './tariff-files';

type Published = Readonly<{ tariffId: string; version: string; contentHash: string }>;
type Imported = Published & Readonly<{ file: string; isNew: boolean }>;

const faultLine = ({ file, path, message }: FileFault): string => `${file}: ${path}: ${message}`;

const read = (path: string): TariffFiles => {
  try {
    return readTariffFiles(path);
  } catch (error) {
    throw new UsageFault(`${path} cannot be read: ${(error as Error).message}`);
  }
};

export const tariffImportCommand: Command = {
  name: 'tariff import',
  synopsis: '<file.json | folder> [--dry-run] [--json]',
  about: 'Publishes OCPI 2.2.1 tariffs: one, a list, an OCPI answer, or a folder of such files.',
  help: [
    '',
    'All of them are checked before the first is published; faults are named by JSON path.',
    'A tariff that says what its latest version says makes no new one.',
    '  --dry-run   checks and publishes nothing',
  ],
  options: { 'dry-run': { type: 'boolean' } },
  positionals: [1, 1],
  run: async ({ addresses, options, positionals }) => {
    const { tariffs, faults, warnings } = read(positionals[0] ?? '');
    const notes = warnings.map((warning) => `warning: ${faultLine(warning)}`);
    if (faults.length > 0 || tariffs.length === 0) {
      const lines = [...notes, ...faults.map(faultLine)];
      const text = [...lines, 'nothing was published'].join('\n');
      return { hasFindings: true, json: { imported: [], faults, warnings }, text };
    }
    const imported: Imported[] = [];
    const refused: FileFault[] = [];
    for (const { file, path, id, document } of options['dry-run'] === true ? [] : tariffs) {
      const answer = await callService<Published>(addresses, 'pricing-engine', {
        method: 'PUT',
        path: `/v1/tariffs/${encodeURIComponent(id)}`,
        body: document,
      });
      if (answer.ok) {
        const { tariffId, version, contentHash } = answer.body;
        imported.push({ tariffId, version, contentHash, file, isNew: answer.status === 201 });
        continue;
      }
      const { faults: found = [], title, detail } = answer.problem;
      refused.push(
        ...(found.length === 0 ? [{ path: '$', message: detail ?? title }] : found).map(
          (fault) => ({ file, path: `${path}${fault.path.slice(1)}`, message: fault.message }),
        ),
      );
    }
    const rows = imported.map(({ tariffId, version, contentHash, isNew }) => [
      tariffId,
      `version ${version}`,
      isNew ? 'new' : 'unchanged',
      contentHash,
    ]);
    const lines = [...notes, ...(rows.length === 0 ? [] : [columns(rows)])];
    if (options['dry-run'] === true) lines.push(`${tariffs.length} tariffs can be published`);
    return {
      hasFindings: refused.length > 0,
      json: { imported, faults: refused, warnings },
      text: [...lines, ...refused.map(faultLine)].join('\n'),
    };
  },
};
