import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { serviceNames, type System } from '@tallywatt/demonstration';

const quietLevels: readonly unknown[] = ['trace', 'debug', 'info'];

const isTelling = (line: string): boolean => {
  try {
    const { level } = JSON.parse(line) as { level?: unknown };
    return !quietLevels.includes(level);
  } catch {
    // What is not a log entry is a stack trace or a crash.
    return line.trim() !== '';
  }
};

/** The last lines of a service's log that tell of trouble; without trouble, its last lines. */
export const tellingLines = (text: string, most: number): readonly string[] => {
  const lines = text.split('\n').filter((line) => line !== '');
  const telling = lines.filter(isTelling);
  return (telling.length > 0 ? telling : lines).slice(-most);
};

const readLog = (system: System, name: string): string => {
  try {
    return readFileSync(join(system.directory, 'logs', `${name}.log`), 'utf8');
  } catch {
    return '';
  }
};

/** What every service last had to complain of, for a person who looks at a failed test. */
export const troubles = (system: System, linesPerService = 8): string =>
  [...serviceNames, 'stripe-sandbox']
    .map((name) =>
      [
        `-- ${name}`,
        ...tellingLines(readLog(system, name), linesPerService).map((line) => line.slice(0, 600)),
      ].join('\n'),
    )
    .join('\n');
