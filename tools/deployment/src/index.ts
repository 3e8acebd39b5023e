export { kafkaTopics, kafkaUsers, permissions } from './kafka-resources';
export { deployedServices, type DeployedService } from './services';
export { alertsFile, generatedFiles } from './generated-files';
