import { runService } from '@tallywatt/service-kit';
import { authorizationService } from './authorization-service';

runService(authorizationService);
