import { Problem } from '@tallywatt/service-kit';
import type { SqlClient } from '@tallywatt/event-log';
import { findCredential, type StoredCredentials } from '../outbound/charge-point-registry';
import { hashesBeingRotated } from '../outbound/credential-rotations';
import { hashPassword, isQuickOf, type PasswordCheck, quickHash } from '../outbound/password-hash';
import { type ChargePointRequest, isByPassword } from './charge-point-schema';

/** From what is stored when the registration is written down, locked against others. */
export type CredentialsAfter = (known: StoredCredentials | undefined) => StoredCredentials;

type Parts = Readonly<{ sql: SqlClient; passwords: PasswordCheck }>;
type HashAfter = (password: Buffer, stored: string | undefined) => string;

const passwordMissing = (path: string, securityProfile: number): Problem => {
  const message = `is needed with security profile ${securityProfile}: none is stored`;
  return new Problem({
    status: 422,
    type: 'request-invalid',
    title: 'The request says something it may not',
    detail: `${path}: ${message}`,
    faults: [{ path, message }],
  });
};

/** Who leaves the password out keeps the one that is stored, a rotated one as well. */
const credentialsAfter =
  (request: ChargePointRequest, path: string, hashAfter: HashAfter): CredentialsAfter =>
  (known) => {
    const { certificateName, certificateFingerprint, password, securityProfile } = request;
    const certificate = {
      ...(certificateName === undefined ? {} : { certificateName }),
      ...(certificateFingerprint === undefined ? {} : { certificateFingerprint }),
    };
    if (!isByPassword(securityProfile)) return certificate;
    const stored = known?.passwordHash;
    if (password !== undefined) {
      return { ...certificate, passwordHash: hashAfter(Buffer.from(password, 'utf8'), stored) };
    }
    if (stored === undefined) throw passwordMissing(path, securityProfile);
    return { ...certificate, passwordHash: stored };
  };

/** Of one charge point: its password is compared, or hashed slowly, before anything is locked. */
export const credentialsOfOne = async (
  { sql, passwords }: Parts,
  cpoId: string,
  request: ChargePointRequest,
): Promise<CredentialsAfter> => {
  const { id, password } = request;
  if (password === undefined) return credentialsAfter(request, '$.password', quickHash);
  const bytes = Buffer.from(password, 'utf8');
  const known = (await findCredential(sql, cpoId, id))?.passwordHash;
  const isKnown = known !== undefined && (await passwords.isRight(bytes, known));
  const hash = isKnown ? known : await hashPassword(bytes);
  // The known password asks for no other, even where it was rotated or strengthened since.
  return credentialsAfter(request, '$.password', (_, stored) =>
    isKnown ? (stored ?? hash) : hash,
  );
};

/**
 * Of a list, in its order. Only where a rotation is under way is a password compared with a slow
 * hash: another password ends it, and the same one must not.
 */
export const credentialsOfList = async (
  { sql, passwords }: Parts,
  cpoId: string,
  list: readonly ChargePointRequest[],
): Promise<CredentialsAfter[]> => {
  const said = new Map(list.map(({ id, password }) => [id, password]));
  const unchanged = new Set<string>();
  for (const [id, hash] of await hashesBeingRotated(sql, cpoId, [...said.keys()])) {
    const password = said.get(id);
    if (password === undefined) continue;
    if (await passwords.isRight(Buffer.from(password, 'utf8'), hash)) unchanged.add(id);
  }
  return list.map((request, index) =>
    credentialsAfter(request, `$[${index}].password`, (password, stored) => {
      if (stored === undefined) return quickHash(password);
      const isKnown =
        unchanged.has(request.id) ||
        isQuickOf(password, stored) ||
        passwords.isKnown(password, stored);
      return isKnown ? stored : quickHash(password);
    }),
  );
};
