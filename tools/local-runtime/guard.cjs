'use strict';
// Outlives the process that started the servers, for the moment it takes to end them.
//
// The owner holds the other end of stdin and tells of every server it starts. When the owner dies,
// by kill -9 too, the pipe ends: the servers named last are ended, the folders named are removed.
// A plain script, because it must run from the sources (tests) as well as from the build.
const { execFileSync } = require('node:child_process');
const { readFileSync, rmSync } = require('node:fs');

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});

/** @type {{ mark: string, servers: { pid: number, signal: string }[], remove: string[] }} */
let duty = { mark: '', servers: [], remove: [] };

const commandLine = (pid) => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    if (process.platform === 'linux') return '';
  }
  try {
    return execFileSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' });
  } catch {
    return '';
  }
};

const isOurs = ({ pid }) => duty.mark !== '' && commandLine(pid).includes(duty.mark);

const send = ({ pid }, signal) => {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone in the meantime, which is what was wanted.
  }
};

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const endServers = async () => {
  for (const server of duty.servers.filter(isOurs)) {
    send(server, server.signal);
    send(server, 'SIGCONT');
  }
  // A database that was told to shut down in order first writes down what it has in memory.
  const deadline = Date.now() + 30_000;
  while (duty.servers.some(isOurs) && Date.now() < deadline) await pause(50);
  for (const server of duty.servers.filter(isOurs)) send(server, 'SIGKILL');
  while (duty.servers.some(isOurs) && Date.now() < deadline + 30_000) await pause(50);
  for (const path of duty.remove) {
    rmSync(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
};

let text = '';
process.stdin.setEncoding('utf8');
process.stdin.on('data', (chunk) => {
  text += chunk;
  const lines = text.split('\n');
  text = lines.pop() ?? '';
  const last = lines.at(-1);
  if (last !== undefined) duty = JSON.parse(last);
});
process.stdin.on('close', () => {
  endServers().then(
    () => process.exit(0),
    () => process.exit(1),
  );
});
