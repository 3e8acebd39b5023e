import { runService } from '@tallywatt/service-kit';
import { pricingEngineService } from './pricing-engine-service';

runService(pricingEngineService);
