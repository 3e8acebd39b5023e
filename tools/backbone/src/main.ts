import { runCommandLine } from './command-line';

// A shell that passes npm's separator on means nothing by it.
const words = process.argv.slice(2).filter((word, index) => index > 0 || word !== '--');

const print = (stream: NodeJS.WriteStream, text: string): void =>
  void stream.write(text.endsWith('\n') || text === '' ? text : `${text}\n`);

// A reader that has seen enough, as `head` has, is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

void runCommandLine(words, process.env, {
  out: (text) => print(process.stdout, text),
  err: (text) => print(process.stderr, text),
}).then((code) => {
  process.exitCode = code;
});
