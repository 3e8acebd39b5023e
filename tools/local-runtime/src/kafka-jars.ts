import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { InstanceInUse, claimInstance, writeWhole } from './instance-directory';
import { setTimeout as sleep } from 'node:timers/promises';
import { workspaceDirectory } from './workspace';

const run = promisify(execFile);

/** The Java to run Kafka with, and what it says of itself; refuses when there is none or it is too old. */
export const findJava = async (): Promise<Readonly<{ java: string; banner: string }>> => {
  const home = process.env['JAVA_HOME'];
  const java = home === undefined || home === '' ? 'java' : join(home, 'bin', 'java');
  const wanted =
    'Kafka needs Java 17 or newer: install a JRE (Debian: apt install openjdk-17-jre-headless, ' +
    'macOS: brew install openjdk@17) or set JAVA_HOME to one. ' +
    'With KAFKA_BROKERS set, that Kafka is used and no Java is needed.';
  let banner: string;
  try {
    banner = (await run(java, ['-version'])).stderr;
  } catch (error) {
    const found =
      home === undefined || home === '' ? 'There is no java on the PATH.' : `${java} does not run.`;
    throw new Error(`${found} ${wanted}`, { cause: error });
  }
  const major = Number(/version "(?:1\.)?(\d+)/.exec(banner)?.[1]);
  if (!(major >= 17)) throw new Error(`${java} is Java ${major || '(unknown)'}. ${wanted}`);
  return { java, banner };
};

const copyWithMaven = async (pom: string, directory: string): Promise<void> => {
  const maven = process.env['MAVEN'] ?? 'mvn';
  try {
    await run(
      maven,
      [
        '-q',
        '-B',
        '-f',
        pom,
        'dependency:copy-dependencies',
        '-DincludeScope=runtime',
        `-DoutputDirectory=${directory}`,
      ],
      { maxBuffer: 16 << 20, timeout: 300_000 },
    );
  } catch (error) {
    const { code, stdout, stderr } = error as { code?: unknown; stdout?: string; stderr?: string };
    if (code === 'ENOENT') {
      throw new Error(
        `There is no Maven (${maven}), which fetches Kafka's jars. Install it (Debian: apt install ` +
          `maven, macOS: brew install maven), set MAVEN to its path, set KAFKA_LIBS to a folder with ` +
          `the jars of a Kafka 4.1 (its libs/), or set KAFKA_BROKERS to use a running Kafka.`,
        { cause: error },
      );
    }
    const said = `${stdout ?? ''}\n${stderr ?? ''}`.trim().split('\n').slice(0, 8).join('\n');
    throw new Error(`Maven could not fetch Kafka's jars named in ${pom}:\n${said}`, {
      cause: error,
    });
  }
};

/** Waits for whoever does this at this moment, then works, with a folder for the time being. */
export const underLock = async (
  stateDirectory: string,
  name: string,
  work: (directory: string) => Promise<void>,
): Promise<void> => {
  const deadline = Date.now() + 300_000;
  for (;;) {
    try {
      const lock = await claimInstance(stateDirectory, name, true);
      try {
        return await work(lock.path);
      } finally {
        lock.release();
      }
    } catch (error) {
      if (!(error instanceof InstanceInUse) || Date.now() > deadline) throw error;
      await sleep(200);
    }
  }
};

/**
 * The folder with Kafka's jars: KAFKA_LIBS if set, else `.tallywatt/kafka-libs` of the workspace,
 * filled by Maven from deploy/kafka/pom.xml the first time and whenever that file changes.
 */
export const kafkaJars = async (report: (message: string) => void): Promise<string> => {
  const given = process.env['KAFKA_LIBS'];
  if (given !== undefined && given !== '') {
    const jars = existsSync(given) ? readdirSync(given) : [];
    if (!jars.some((name) => /^kafka_2\.13-.*\.jar$/.test(name))) {
      throw new Error(`KAFKA_LIBS names ${given}, which holds no kafka_2.13-*.jar.`);
    }
    return given;
  }
  const workspace = workspaceDirectory();
  const pom = join(workspace, 'deploy', 'kafka', 'pom.xml');
  const wanted = createHash('sha256').update(readFileSync(pom)).digest('hex');
  const state = join(workspace, '.tallywatt');
  const directory = join(state, 'kafka-libs');
  const mark = join(directory, 'complete');
  const isComplete = (): boolean => existsSync(mark) && readFileSync(mark, 'utf8') === wanted;
  if (isComplete()) return directory;
  await underLock(state, 'kafka-libs-lock', async () => {
    if (isComplete()) return;
    report('Fetching the jars of Kafka with Maven (once) ...');
    const unfinished = `${directory}.unfinished`;
    rmSync(unfinished, { recursive: true, force: true });
    mkdirSync(unfinished, { recursive: true });
    await copyWithMaven(pom, unfinished);
    rmSync(directory, { recursive: true, force: true });
    renameSync(unfinished, directory);
    writeWhole(mark, wanted);
  });
  return directory;
};
