import { parametersOf } from './charger-command';

describe('parameters of a command, as typed', () => {
  it('are JSON where they are JSON, and a text where they are none', () => {
    const words = ['resetType=OnIdle', 'connectorId=1', 'variables=[{"variable":"A=B"}]'];
    expect(parametersOf('Reset', words)).toEqual({
      resetType: 'OnIdle',
      connectorId: 1,
      variables: [{ variable: 'A=B' }],
    });
  });

  it.each([
    ['ConfigurationChange', 'value=60', { value: '60' }],
    ['ConfigurationChange', 'value=true', { value: 'true' }],
    ['RemoteStart', 'token=04123456', { token: '04123456' }],
    ['VendorMessage', 'data={"a":1}', { data: '{"a":1}' }],
    ['VendorMessage', 'messageId=7', { messageId: '7' }],
    ['DisplayMessage', 'messageId=7', { messageId: 7 }],
    ['DisplayMessage', 'text=42', { text: '42' }],
  ])('are texts where %s takes a text: %s', (command, word, expected) => {
    expect(parametersOf(command, [word])).toEqual(expected);
  });
});
