import { runService } from '@tallywatt/service-kit';
import { paymentCapture } from './service';

runService(paymentCapture);
