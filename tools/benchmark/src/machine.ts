import { execFileSync } from 'node:child_process';
import { cpus, totalmem } from 'node:os';
import { Client } from 'pg';

/** Where the figures were taken: they mean nothing without it. */
export type Machine = Readonly<{
  cpu: string;
  cores: number;
  memoryGiB: number;
  node: string;
  kafka: string;
  postgresql: string;
  /** As the servers say, not as they were asked: `off` would make the figures worthless. */
  fsync: string;
  synchronousCommit: string;
}>;

/** The broker's version is that of its jars: it does not tell it over the wire. */
export const describeMachine = async (
  postgresUrl: string,
  kafkaVersion: string,
): Promise<Machine> => {
  const url = new URL(postgresUrl);
  url.pathname = '/postgres';
  const client = new Client({ connectionString: url.toString() });
  await client.connect();
  try {
    const { rows } = await client.query<{ version: string; fsync: string; commit: string }>(
      `SELECT current_setting('server_version') AS version, current_setting('fsync') AS fsync,
         current_setting('synchronous_commit') AS commit`,
    );
    const [found] = rows;
    if (found?.fsync !== 'on' || found.commit !== 'on') {
      throw new Error('fsync or synchronous_commit is off: nothing measured here would be durable');
    }
    return {
      cpu: cpus()[0]?.model.trim() ?? 'unknown',
      cores: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      node: process.versions.node,
      kafka: kafkaVersion,
      postgresql: found.version,
      fsync: found.fsync,
      synchronousCommit: found.commit,
    };
  } finally {
    await client.end();
  }
};

/** The commit that was measured, with a mark when the tree is not that of the commit. */
export const measuredCommit = (workspace: string): string => {
  const git = (...words: string[]): string =>
    execFileSync('git', words, { cwd: workspace, encoding: 'utf8' }).trim();
  try {
    const changed = git('status', '--porcelain', '--untracked-files=no', '--', '*.ts', '*.sql');
    return `${git('rev-parse', '--short=10', 'HEAD')}${changed === '' ? '' : ' with changes'}`;
  } catch {
    return 'unknown';
  }
};
