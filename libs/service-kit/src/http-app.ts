import type { DynamicModule, INestApplication } from '@nestjs/common';
import { NestFactory, Reflector } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import helmet from 'helmet';
import { AuthenticationGuard, tokenVerifier } from './authentication';
import { JsonOutput } from './json-output';
import { nestLogger, type Logger } from './logger';
import { ProblemFilter } from './problem';
import type { ServiceContext } from './service-context';

/** What is wired besides what every service has. */
export type AppDefinition = Readonly<{
  name: string;
  module: () => DynamicModule | Promise<DynamicModule>;
  microservice?: (() => MicroserviceOptions) | undefined;
}>;
type AppContext = Pick<ServiceContext, 'env'> & Readonly<{ logger: Logger }>;

/** The HTTP side (and the gRPC side, where there is one), wired but not yet listening for HTTP. */
export const createApp = async (
  definition: AppDefinition,
  context: AppContext,
  ...operations: (new () => object)[]
): Promise<NestExpressApplication> => {
  const { env, logger } = context;
  const module = await definition.module();
  const app = await NestFactory.create<NestExpressApplication>(
    { ...module, controllers: [...(module.controllers ?? []), ...operations] },
    { rawBody: true, logger: nestLogger(logger), abortOnError: false },
  );
  app.useBodyParser('json', { limit: '8mb' });
  app.use(helmet({ contentSecurityPolicy: false }));
  app.useGlobalGuards(new AuthenticationGuard(app.get(Reflector), tokenVerifier(env)));
  app.useGlobalInterceptors(new JsonOutput());
  app.useGlobalFilters(new ProblemFilter(logger));
  describeApi(app, definition.name);
  if (definition.microservice !== undefined) {
    app.connectMicroservice(definition.microservice());
    await app.startAllMicroservices();
  }
  return app.init();
};

const describeApi = (app: INestApplication, name: string): void => {
  const config = new DocumentBuilder()
    .setTitle(`Tallywatt ${name}`)
    .setVersion('1')
    .addBearerAuth()
    .addSecurityRequirements('bearer')
    .build();
  SwaggerModule.setup('docs', app, () => SwaggerModule.createDocument(app, config), {
    jsonDocumentUrl: 'docs-json',
  });
};
