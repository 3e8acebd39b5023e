import type { CertificateCommand } from '../../domain/charger-command';
import { detailOf, endOfReport, endOfStatus } from '../../domain/command-end';
import type { EncodedCommand } from '../protocol';
import { fieldsOf } from '../readable';
import { statusDetails } from './status-info';

type Sayable = EncodedCommand & { kind: 'call' };

const readStatus: Sayable['read'] = ({ status, statusInfo }) =>
  endOfStatus(String(status), statusDetails(statusInfo));

/** Each certificate by its use, with those of the chain below it. */
const readInstalled: Sayable['read'] = ({ status, statusInfo, certificateHashDataChain = [] }) => {
  const found = (certificateHashDataChain as readonly unknown[]).map((one) => {
    const { certificateType, certificateHashData, childCertificateHashData } = fieldsOf(one);
    const below = childCertificateHashData === undefined ? {} : { childCertificateHashData };
    return detailOf(String(certificateType), { ...fieldsOf(certificateHashData), ...below });
  });
  return endOfReport(String(status), [...statusDetails(statusInfo), ...found]);
};

/** What is said of certificates in OCPP 2.0.1, part 2, A02 and M03 to M05. */
export const certificateCommand = (command: CertificateCommand): EncodedCommand => {
  switch (command.type) {
    case 'CertificateInstallation': {
      const { certificateUse: certificateType, certificate } = command;
      const params = { certificateType, certificate };
      return { kind: 'call', action: 'InstallCertificate', params, read: readStatus };
    }
    case 'CertificateDeletion': {
      const { type: _, ...certificateHashData } = command;
      const params = { certificateHashData };
      return { kind: 'call', action: 'DeleteCertificate', params, read: readStatus };
    }
    case 'CertificateDelivery': {
      const { certificateChain } = command;
      const params = { certificateChain, certificateType: 'ChargingStationCertificate' };
      return { kind: 'call', action: 'CertificateSigned', params, read: readStatus };
    }
    case 'InstalledCertificatesReport': {
      const { certificateUse } = command;
      const params = certificateUse === undefined ? {} : { certificateType: [certificateUse] };
      return { kind: 'call', action: 'GetInstalledCertificateIds', params, read: readInstalled };
    }
  }
};
