import { textOption, type Command } from './command';
import { hopNames, type HopFault, type Link } from './hop';
import { placeText, reachableKafka } from './log-access';
import { auditSession, type SessionAudit } from './session-audit';
import { readLoggedSession } from './session-evidence';

const linkText = ({ type, position, eventId, contentHash, summary }: Link): string =>
  [
    `  ${placeText(position)}  ${type}  ${summary}`,
    `      id ${eventId}  sha256 ${contentHash}`,
  ].join('\n');

const faultText = ({ position, detail }: HopFault): string =>
  `  BROKEN ${position === undefined ? '' : `${placeText(position)}  `}${detail}`;

const chainText = ({ links, faults }: SessionAudit): string =>
  hopNames
    // Most sessions draw nothing: that hop is there for those that do.
    .filter((name) => name !== 'allowance' || [...links, ...faults].some(({ hop }) => hop === name))
    .map((name) => {
      const ofHop = links.filter(({ hop }) => hop === name).map(linkText);
      const broken = faults.filter(({ hop }) => hop === name).map(faultText);
      const lines = [...ofHop, ...broken];
      return [name, ...(lines.length === 0 ? ['  (no record)'] : lines)].join('\n');
    })
    .join('\n');

export const auditCommand: Command = {
  name: 'audit session',
  synopsis: '<session id> [--cpo <id>] [--tax-jurisdiction <code>] [--json]',
  about: 'Proves one session from the topics alone: every hop derived again from the ones before.',
  help: [
    '',
    'Prints each record with its place, id and hash. Exits 1 and names the first broken hop when a',
    'hash, an id, an amount or a derivation differs. No service and no database is asked.',
    '  --tax-jurisdiction   as the ledger has it (TAX_JURISDICTION), de if not given',
  ],
  options: { cpo: { type: 'string' }, 'tax-jurisdiction': { type: 'string' } },
  positionals: [1, 1],
  run: async ({ addresses, options, positionals, env }) => {
    const sessionId = positionals[0] ?? '';
    const cpoId = textOption(options, 'cpo') ?? addresses.cpoId;
    const logged = await readLoggedSession(await reachableKafka(addresses), cpoId, sessionId);
    if (logged.sessions.length === 0 && logged.faults.length === 0) {
      return {
        hasFindings: true,
        json: { cpoId, sessionId, proven: false, links: [], faults: [] },
        text: `no record names session ${sessionId} of ${cpoId}`,
      };
    }
    const audit = auditSession(
      logged,
      cpoId,
      sessionId,
      textOption(options, 'tax-jurisdiction') ?? (env['TAX_JURISDICTION'] || 'de'),
    );
    const [first] = audit.faults;
    const verdict =
      first === undefined
        ? `proven: ${audit.links.length} records, every one derived again`
        : `broken at ${first.hop}: ${first.detail}`;
    return {
      hasFindings: first !== undefined,
      json: {
        cpoId,
        sessionId,
        proven: first === undefined,
        ...(first === undefined ? {} : { brokenAt: first.hop }),
        ...audit,
      },
      text: [`session ${sessionId} of ${cpoId}`, chainText(audit), verdict].join('\n'),
    };
  },
};
