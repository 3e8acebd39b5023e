import { createHash } from 'node:crypto';
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeWhole } from './instance-directory';
import { findJava, kafkaJars, underLock } from './kafka-jars';
import { type ClassArchive, startKafka } from './kafka-server';
import { processEnd, signalProcess } from './process-table';
import { workspaceDirectory } from './workspace';

const dumpWithinMs = 180_000;

/** An archive fits one Java and one set of jars; any other is ignored by the JVM. */
const archiveName = async (jars: string): Promise<string> => {
  const { banner } = await findJava();
  const hash = createHash('sha256').update(banner).update(jars);
  for (const name of readdirSync(jars).sort()) hash.update(name);
  return `kafka-classes-${hash.digest('hex').slice(0, 16)}.jsa`;
};

/** Lets a broker start and end once; it leaves behind the classes that it loaded. */
const recordClasses = async (directory: string, archive: string): Promise<void> => {
  const kafka = await startKafka({
    instanceDirectory: directory,
    port: 0,
    advertisedPort: undefined,
    ephemeral: true,
    durable: false,
    users: undefined,
    classes: { file: archive, access: 'write' },
    report: () => undefined,
    onProcess: () => undefined,
  });
  const { pid } = kafka;
  try {
    if (pid === undefined) return;
    signalProcess(pid, 'SIGTERM');
    if (!(await processEnd(pid, dumpWithinMs))) throw new Error('the broker did not end');
  } finally {
    await kafka.kill();
  }
};

/**
 * The archive from which the JVM takes Kafka's classes (class data sharing), which halves what a start
 * of the broker costs. It is made the first time, beside the jars. None if this Java cannot: Kafka
 * starts without.
 */
export const kafkaClasses = async (
  report: (message: string) => void,
): Promise<ClassArchive | undefined> => {
  const jars = await kafkaJars(report);
  const state = join(workspaceDirectory(), '.tallywatt');
  const name = await archiveName(jars);
  const archive = join(state, name);
  // That this Java cannot is remembered: the attempt takes as long as ten starts.
  const refusal = `${archive}.refused`;
  const isSettled = (): boolean => existsSync(archive) || existsSync(refusal);
  if (!isSettled()) {
    await underLock(state, 'kafka-classes', async (directory) => {
      if (isSettled()) return;
      report('Recording the classes of Kafka for faster starts (once) ...');
      for (const other of readdirSync(state)) {
        if (other.startsWith('kafka-classes-')) rmSync(join(state, other));
      }
      const written = join(directory, 'classes.jsa');
      try {
        await recordClasses(directory, written);
        renameSync(written, archive);
      } catch (error) {
        const { message } = error as Error;
        report(`Kafka starts without an archive of its classes: ${message}`);
        writeWhole(refusal, `${message}\n`);
      }
    });
  }
  return existsSync(archive) ? { file: archive, access: 'read' } : undefined;
};
