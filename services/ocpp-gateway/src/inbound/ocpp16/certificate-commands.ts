import type { CertificateCommand } from '../../domain/charger-command';
import { detailOf, endOfReport, endOfStatus } from '../../domain/command-end';
import type { EncodedCommand } from '../protocol';

type Sayable = EncodedCommand & { kind: 'call' };

/** The security whitepaper knows two uses of root certificates, one of them by another name. */
const rootUses: Readonly<Record<string, string>> = {
  CSMSRootCertificate: 'CentralSystemRootCertificate',
  ManufacturerRootCertificate: 'ManufacturerRootCertificate',
};

const readStatus: Sayable['read'] = ({ status }) => endOfStatus(String(status));

const readInstalled =
  (certificateUse: string): Sayable['read'] =>
  ({ status, certificateHashData = [] }) =>
    endOfReport(
      String(status),
      (certificateHashData as readonly unknown[]).map((one) => detailOf(certificateUse, one)),
    );

/** What is said of certificates in the security whitepaper of OCPP 1.6, 5.1 to 5.7. */
export const certificateCommand = (command: CertificateCommand): EncodedCommand => {
  if (command.type === 'CertificateDeletion') {
    const { type: _, ...certificateHashData } = command;
    const params = { certificateHashData };
    return { kind: 'call', action: 'DeleteCertificate', params, read: readStatus };
  }
  if (command.type === 'CertificateDelivery') {
    const params = { certificateChain: command.certificateChain };
    return { kind: 'call', action: 'CertificateSigned', params, read: readStatus };
  }
  const { certificateUse } = command;
  if (certificateUse === undefined) {
    return { kind: 'unsayable', detail: 'OCPP 1.6 is asked for one use of certificates at a time' };
  }
  const certificateType = rootUses[certificateUse];
  if (certificateType === undefined) {
    return { kind: 'unsayable', detail: `OCPP 1.6 has no ${certificateUse}` };
  }
  if (command.type === 'CertificateInstallation') {
    const params = { certificateType, certificate: command.certificate };
    return { kind: 'call', action: 'InstallCertificate', params, read: readStatus };
  }
  const params = { certificateType };
  const read = readInstalled(certificateUse);
  return { kind: 'call', action: 'GetInstalledCertificateIds', params, read };
};
