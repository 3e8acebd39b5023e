import { readFileSync } from 'node:fs';
import { columns, textOption, UsageFault, type Command, type OptionValues } from './command';
import { callService, type ProblemDocument } from './operator-api';

type CommandView = Readonly<{
  id: string;
  command: string;
  status: string;
  outcome: Readonly<{
    status?: string;
    reason?: string;
    detail?: string;
    details?: readonly Readonly<{ name: string; value?: string }>[];
  }> | null;
}>;

/** `connector-unlock` as the API names it: ConnectorUnlock. */
const nameOf = (word: string): string =>
  word
    .split('-')
    .map((part) => part.slice(0, 1).toUpperCase() + part.slice(1))
    .join('');

/** What the API takes as a text, whatever it looks like: 60 is a value of a variable. */
const texts: Readonly<Record<string, readonly string[]>> = {
  ConfigurationChange: ['value'],
  RemoteStart: ['token'],
  Reservation: ['token'],
  VendorMessage: ['vendorId', 'messageId', 'data'],
  DisplayMessage: ['text', 'language'],
  PriceDisplay: ['text', 'forToken'],
};

/** A word as JSON where it is JSON, and as a text where it is none, or where a text is wanted. */
const valueOf = (text: string, isText: boolean): unknown => {
  if (isText) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
};

/** `resetType=OnIdle connectorId=1` as an object, for a command of the API. @throws UsageFault */
export const parametersOf = (
  command: string,
  words: readonly string[],
): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    words.map((word) => {
      const at = word.indexOf('=');
      if (at < 1) throw new UsageFault(`a parameter is name=value, not ${word}`);
      const name = word.slice(0, at);
      return [name, valueOf(word.slice(at + 1), texts[command]?.includes(name) ?? false)];
    }),
  );

const fromFile = (options: OptionValues): Readonly<Record<string, unknown>> => {
  const file = textOption(options, 'parameters');
  if (file === undefined) return {};
  try {
    return JSON.parse(readFileSync(file === '-' ? 0 : file, 'utf8')) as Record<string, unknown>;
  } catch (error) {
    throw new UsageFault(`--parameters ${file}: ${(error as Error).message}`);
  }
};

const textOf = ({ id, command, status, outcome }: CommandView): string => {
  const { status: word, reason, detail, details = [] } = outcome ?? {};
  const why = [reason, word, detail].filter((part) => part !== undefined && part !== '');
  const head = `${command} ${id}: ${status}${why.length === 0 ? '' : ` (${why.join(', ')})`}`;
  if (details.length === 0) return head;
  return `${head}\n${columns(details.map(({ name, value = '-' }) => [name, value]))}`;
};

const refused = ({ title, detail, faults }: ProblemDocument) => ({
  hasFindings: true,
  json: { problem: { title, detail, faults } },
  text: `${title}${detail === undefined ? '' : `: ${detail}`}`,
});

const pollMs = 250;
const answerMs = 45_000;

export const chargerCommand: Command = {
  name: 'charger',
  synopsis: '<charge point> <command> [<parameter>=<value> ...] [--wait-for-charger] [--json]',
  about: 'Tells a charger to do something and waits for its answer.',
  help: [
    '',
    'Commands are those of POST /v1/charge-points/{id}/commands, in lower case with dashes:',
    '  backbone charger CP-1 reset resetType=OnIdle',
    '  backbone charger CP-1 connector-unlock connectorId=2',
    '  backbone charger CP-1 message-trigger message=StatusNotification',
    '  backbone charger CP-1 configuration-change \'variable={"variable":"HeartbeatInterval"}\' value=60',
    '  backbone charger CP-1 remote-start --parameters -      (the token is read, not typed)',
    'Exits 1 when the charger is away, refuses, or does not answer.',
    '  --parameters <file>   more parameters, as a JSON object; - for standard input',
    '  --wait-for-charger    record it for a charger that is away, and do not wait for its answer',
  ],
  options: { parameters: { type: 'string' }, 'wait-for-charger': { type: 'boolean' } },
  positionals: [2, 30],
  run: async ({ addresses, options, positionals }) => {
    const [chargePoint = '', word = '', ...words] = positionals;
    const waitForCharger = options['wait-for-charger'] === true;
    const path = `/v1/charge-points/${encodeURIComponent(chargePoint)}/commands`;
    const name = nameOf(word);
    const parameters = { ...fromFile(options), ...parametersOf(name, words) };
    const asked = await callService<CommandView>(addresses, 'ocpp-gateway', {
      method: 'POST',
      path,
      body: { command: name, parameters, waitForCharger },
    });
    if (!asked.ok) return refused(asked.problem);
    let view = asked.body;
    const giveUpAt = Date.now() + (waitForCharger ? 0 : answerMs);
    while (view.outcome === null && Date.now() < giveUpAt) {
      await new Promise((resolve) => setTimeout(resolve, pollMs));
      const answer = await callService<CommandView>(addresses, 'ocpp-gateway', {
        method: 'GET',
        path: `${path}/${view.id}`,
      });
      if (!answer.ok) return refused(answer.problem);
      view = answer.body;
    }
    const isWell = view.status === 'accepted' || (waitForCharger && view.outcome === null);
    return { hasFindings: !isWell, json: view, text: textOf(view) };
  },
};
