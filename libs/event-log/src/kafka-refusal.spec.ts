import { passesByItself } from './kafka-refusal';

const errorNamed = (name: string, cause?: Error): Error =>
  Object.assign(new Error(name, { cause }), { name });

describe('a coordinator that is not found', () => {
  const notFound = errorNamed('KafkaJSGroupCoordinatorNotFound');

  it('passes by itself, also as the cause of what kafkajs gives up with', () => {
    expect(passesByItself(notFound)).toBe(true);
    expect(passesByItself(errorNamed('KafkaJSNonRetriableError', notFound))).toBe(true);
  });

  it('is told apart from what does not pass', () => {
    const other = errorNamed('KafkaJSProtocolError');
    expect(passesByItself(errorNamed('KafkaJSNonRetriableError', other))).toBe(false);
    expect(passesByItself(errorNamed('KafkaJSNonRetriableError'))).toBe(false);
  });
});
