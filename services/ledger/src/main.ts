import { runService } from '@tallywatt/service-kit';
import { ledgerService } from './ledger-service';

runService(ledgerService);
