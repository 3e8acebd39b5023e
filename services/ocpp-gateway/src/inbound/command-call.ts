import type { ChargerCommand } from '../domain/charger-command';
import { type CommandEnd, withoutTokens } from '../domain/command-end';
import type { ClaimedCommand } from '../outbound/charger-commands';
import { storableText } from '../outbound/storable-text';
import { callTimeoutMs, type RpcFault, type RpcPeer } from './charger-connection';
import type { EncodedCommand, Protocol, SayableCommand } from './protocol';

const unreadable = new WeakSet<object>();

/** An answer of a charger broke its schema; the call that waits for it fails with this error. */
export const rememberUnreadable = (error: object): void => void unreadable.add(error);

const notInVersion = (detail: string): CommandEnd => ({
  kind: 'rejected',
  reason: 'not-in-version',
  detail,
  details: [],
});

const unknown = (detail: string): CommandEnd => ({
  kind: 'failed',
  reason: 'outcome-unknown',
  detail,
});

/** The command in the words of a version, held against the version's schema. */
export const checkedCommand = (
  protocol: Protocol,
  command: ChargerCommand,
  requestId = 1,
): EncodedCommand => {
  const encoded = protocol.encodeCommand(command, requestId);
  if (encoded.kind === 'unsayable') return encoded;
  for (let call: SayableCommand | undefined = encoded; call !== undefined; call = call.next) {
    try {
      void protocol.validator.validate(`urn:${call.action}.req`, call.params);
    } catch (error) {
      return { kind: 'unsayable', detail: `${call.action}: ${(error as Error).message}` };
    }
  }
  return encoded;
};

/** A CALLERROR is an answer; a time-out, a lost connection and an unreadable answer are none. */
const endOfError = (error: unknown): CommandEnd | 'not-sent' => {
  const { rpcErrorCode: code, message = '' } = error as RpcFault;
  if (unreadable.has(error as object)) return unknown(`the answer breaks its schema: ${message}`);
  if (typeof code === 'string') {
    return {
      kind: 'rejected',
      reason: 'error-of-charger',
      status: code,
      detail: message.slice(0, 500),
      details: [],
    };
  }
  // As ocpp-rpc says that it did not even try.
  if (message.includes('while socket not open')) return 'not-sent';
  return unknown(`it was sent, and there was no answer: ${message}`);
};

/** What a charger says may be no text that a database keeps. */
const storable = (end: CommandEnd): CommandEnd =>
  JSON.parse(JSON.stringify(end), (_key, value: unknown) =>
    typeof value === 'string' ? storableText(value) : value,
  ) as CommandEnd;

/** Sends a command once and says how that ended. Never rejects. */
export const carryOut = async (
  peer: RpcPeer,
  protocol: Protocol,
  { command, requestId }: ClaimedCommand,
): Promise<CommandEnd | 'not-sent'> => {
  const encoded = checkedCommand(protocol, command, requestId);
  if (encoded.kind === 'unsayable') return notInVersion(encoded.detail);
  const end = await say(peer, command, encoded);
  const { next } = encoded;
  if (next === undefined || end === 'not-sent' || end.kind !== 'accepted') return end;
  const last = await say(peer, command, next);
  // A part of it was said, so it is not said anew by itself.
  return last === 'not-sent' ? unknown(`${next.action} was not sent any more`) : last;
};

const say = async (
  peer: RpcPeer,
  command: ChargerCommand,
  encoded: SayableCommand,
): Promise<CommandEnd | 'not-sent'> => {
  try {
    const result = await peer.call(encoded.action, encoded.params, { callTimeoutMs });
    const said = encoded.read(result as Readonly<Record<string, unknown>>);
    return storable(withoutTokens(said, command));
  } catch (error) {
    const end = endOfError(error);
    return end === 'not-sent' ? end : storable(withoutTokens(end, command));
  }
};
