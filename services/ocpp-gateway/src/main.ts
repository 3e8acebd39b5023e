import { runService } from '@tallywatt/service-kit';
import { ocppGateway } from './service';

runService(ocppGateway);
