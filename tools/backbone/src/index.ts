export { runCommandLine, type Console, type ExitCode } from './command-line';
