import type { X509Certificate } from 'node:crypto';
import type { SqlClient } from '@tallywatt/event-log';
import type { Logger } from '@tallywatt/service-kit';
import type { Instant } from '@tallywatt/time';
import { requestFault } from '../domain/signing-request';
import {
  type CertificateAuthorities,
  type CertificateAuthority,
  type ReadRequest,
  readSigningRequest,
} from '../outbound/certificate-authority';
import { findCredential } from '../outbound/charge-point-registry';
import type { ChargerCertificates, RefusalReason } from '../outbound/charger-certificates';
import type { Commits } from '../outbound/frame-log';
import type { Connection } from '../outbound/station-store';
import { storableText } from '../outbound/storable-text';
import { isVouchedFor } from './client-certificate';

export type SigningRefusal = Readonly<{ reason: RefusalReason; detail: string }>;

type Parts = Readonly<{
  sql: SqlClient;
  certificates: ChargerCertificates;
  authorityOf: CertificateAuthorities;
  /** Those by whose certificates chargers of a CPO are let in. */
  clientCas: (cpoId: string) => readonly X509Certificate[];
  logger: Logger;
}>;

const refusal = (reason: RefusalReason, detail: string): SigningRefusal => ({ reason, detail });

/** Takes what chargers ask to be signed (SignCertificate), or says why not. */
export class CertificateSigning {
  constructor(private readonly parts: Parts) {}

  /** Undefined when the certificate is on its way, which is written down by then. */
  async take(
    station: Connection,
    csr: string,
    commits: Commits,
    now: Instant,
  ): Promise<SigningRefusal | undefined> {
    const { certificates, logger } = this.parts;
    const refused = await this.sign(station, csr, commits, now);
    if (refused === undefined) return undefined;
    const { reason } = refused;
    // A name in a request can be any characters.
    const detail = storableText(refused.detail);
    logger.warn({ ...station, reason, detail }, 'a certificate is not signed');
    await commits.submit((tx) => certificates.refused(tx, station, reason, detail, now));
    return { reason, detail };
  }

  private async sign(
    station: Connection,
    csr: string,
    commits: Commits,
    now: Instant,
  ): Promise<SigningRefusal | undefined> {
    const { sql, certificates } = this.parts;
    // It would be a credential for whoever came without one.
    if (station.securityProfile === 0) {
      return refusal('request-invalid', 'it has come without any credentials');
    }
    const authority = await this.usableAuthority(station.cpoId);
    if ('reason' in authority) return authority;
    let request: ReadRequest;
    try {
      request = await readSigningRequest(csr);
    } catch {
      return refusal('request-invalid', 'it is no certificate signing request in PEM');
    }
    const credential = await findCredential(sql, station.cpoId, station.chargePointId);
    const { organisation } = authority;
    const subject = {
      name: credential?.certificateName ?? station.chargePointId,
      ...(organisation === undefined ? {} : { organisation }),
    };
    const fault = requestFault(request, subject);
    if (fault !== undefined) return refusal('request-invalid', fault);
    const { digest } = request;
    if (await certificates.isKnown(sql, station, digest)) {
      if (await commits.submit((tx) => certificates.repeat(tx, station, digest, now))) {
        return undefined;
      }
    }
    if (await certificates.isAtLimit(sql, station)) {
      return refusal('too-many-requests', 'ten certificates were signed for it within a day');
    }
    const signed = await authority.sign(request, subject);
    await commits.submit((tx) => certificates.issue(tx, station, digest, signed, now));
    return undefined;
  }

  private async usableAuthority(cpoId: string): Promise<CertificateAuthority | SigningRefusal> {
    const none = (detail: string): SigningRefusal => refusal('no-certificate-authority', detail);
    let authority: CertificateAuthority | undefined;
    try {
      authority = await this.parts.authorityOf(cpoId);
    } catch (error) {
      // Which file, is for those who can see the log.
      this.parts.logger.error({ err: error, cpoId }, 'the certificate authority cannot be used');
      return none('the certificate authority cannot be used');
    }
    if (authority === undefined) return none('the CPO has no certificate authority here');
    const { certificate } = authority;
    const cas = this.parts.clientCas(cpoId);
    const isTrusted = cas.some(
      (ca) => ca.fingerprint256 === certificate.fingerprint256 || isVouchedFor([certificate], [ca]),
    );
    // A charger that got it would be kept out.
    if (!isTrusted) return none('OCPP_TLS_CLIENT_CA does not let in what the authority signs');
    return authority;
  }
}
