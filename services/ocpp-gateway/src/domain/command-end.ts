import type { ChargerCommand } from './charger-command';
import { isSecretName, withoutAddressSecrets } from './secret-names';

/** One thing a charger said in its answer. */
export type AnswerDetail = Readonly<{ name: string; value?: string }>;

/** How a command that was to be sent ended. */
export type CommandEnd =
  | Readonly<{ kind: 'accepted'; status?: string; details: readonly AnswerDetail[] }>
  | Readonly<{
      kind: 'rejected';
      /** `not-in-version`: the charger was not asked, as its OCPP version cannot say it. */
      reason: 'rejected-by-charger' | 'error-of-charger' | 'not-in-version';
      status?: string;
      detail: string;
      details: readonly AnswerDetail[];
    }>
  | Readonly<{ kind: 'failed'; reason: 'charger-away' | 'outcome-unknown'; detail: string }>;

/** Words of OCPP 1.6 and 2.0.1 for: it is done, or it is going to be. */
const agreements: readonly string[] = [
  'Accepted',
  'AcceptedCanceled',
  'RebootRequired',
  'Scheduled',
  'Unlocked',
];

/** What a charger's status means for the command that it answers. */
export const endOfStatus = (status: string, details: readonly AnswerDetail[] = []): CommandEnd =>
  agreements.includes(status)
    ? { kind: 'accepted', status, details }
    : {
        kind: 'rejected',
        reason: 'rejected-by-charger',
        status,
        detail: `the charger answered ${status}`,
        details,
      };

/** Of what was asked for there is none: an answer as good as a list. */
export const endOfReport = (status: string, details: readonly AnswerDetail[]): CommandEnd =>
  status === 'NotFound' ? { kind: 'accepted', status, details } : endOfStatus(status, details);

const detailCharsMax = 2_500;

const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : JSON.stringify(value);

/** What a charger said under a name; a secret's value is left out, and secrets of addresses. */
export const detailOf = (name: string, value: unknown): AnswerDetail =>
  value === undefined || value === null || isSecretName(name)
    ? { name }
    : { name, value: withoutAddressSecrets(textOf(value)).slice(0, detailCharsMax) };

const tokensOf = (command: ChargerCommand): readonly string[] => {
  switch (command.type) {
    case 'RemoteStart':
    case 'Reservation':
      return [command.token];
    case 'PriceDisplay':
      return command.forToken === undefined ? [] : [command.forToken];
    case 'LocalListUpdate':
      return command.entries.map(({ token }) => token);
    default:
      return [];
  }
};

/**
 * How a command ended, without the tokens that the charger was told with it: some repeat them in what
 * they answer, in letters of their own, and they may be in no event.
 */
export const withoutTokens = (end: CommandEnd, command: ChargerCommand): CommandEnd => {
  const tokens = tokensOf(command)
    .filter((token) => token !== '')
    .sort((one, other) => other.length - one.length)
    .map((token) => token.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  if (tokens.length === 0) return end;
  const said = new RegExp(tokens.join('|'), 'gi');
  const masked = (text: string): string => text.replace(said, '***');
  if (end.kind === 'failed') return { ...end, detail: masked(end.detail) };
  const details = end.details.map(({ name, value }) =>
    value === undefined ? { name } : { name, value: masked(value) },
  );
  if (end.kind === 'accepted') return { ...end, details };
  const { status } = end;
  // A status of the standard is no token, whatever a token is called.
  const isWord = end.reason !== 'error-of-charger' || status === undefined;
  return {
    ...end,
    ...(isWord ? {} : { status: masked(status) }),
    detail: masked(end.detail),
    details,
  };
};
