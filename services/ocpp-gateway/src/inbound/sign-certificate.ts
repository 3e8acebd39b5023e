import type { Answer } from './frame';

type SignCertificate = Readonly<{ csr: string; certificateType?: string }>;

/** OCPP 1.6 security white paper, A02. The certificate follows by CertificateSigned. */
export const signCertificate16: Answer<SignCertificate> = async (frame, gateway) => {
  const { connection, params, receivedAt } = frame;
  const { signing, commits } = gateway;
  const refused = await signing.take(connection, params.csr, commits, receivedAt);
  return { status: refused === undefined ? 'Accepted' : 'Rejected' };
};

const reasonCodes = {
  'request-invalid': 'InvalidCSR',
  'no-certificate-authority': 'NotEnabled',
  'too-many-requests': 'Unspecified',
} as const;

/** OCPP 2.0.1 part 2, A02: of certificates for vehicles' contracts nothing is signed here. */
export const signCertificate201: Answer<SignCertificate> = async (frame, gateway) => {
  const { connection, params, receivedAt } = frame;
  if (params.certificateType === 'V2GCertificate') {
    return { status: 'Rejected', statusInfo: { reasonCode: 'UnsupportedRequest' } };
  }
  const { signing, commits } = gateway;
  const refused = await signing.take(connection, params.csr, commits, receivedAt);
  if (refused === undefined) return { status: 'Accepted' };
  const { reason, detail } = refused;
  const statusInfo = { reasonCode: reasonCodes[reason], additionalInfo: detail.slice(0, 512) };
  return { status: 'Rejected', statusInfo };
};
