import { runService } from '@tallywatt/service-kit';
import { reconciliationService } from './reconciliation-service';

runService(reconciliationService);
