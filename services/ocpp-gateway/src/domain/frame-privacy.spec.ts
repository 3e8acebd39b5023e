import { sensitivePartsOf, withParts } from './frame-privacy';

const stored = (text: string): string | undefined => {
  const parts = sensitivePartsOf(text);
  return parts && withParts(text, parts, ({ kind, said }) => `<${kind}${said ? ` ${said}` : ''}>`);
};
const call = (payload: string, action = 'X'): string => `[2,"1","${action}",${payload}]`;

describe('a frame as it may be stored', () => {
  it.each([
    ['{"idTag":"AB\\u00431"}', '{"idTag":<token ABC1>}'],
    [
      '{ "a" : 1.0 ,\n "idTag" : "T" , "b":[1e3] }',
      '{ "a" : 1.0 ,\n "idTag" : <token T> , "b":[1e3] }',
    ],
    ['{"idTag":"T","idTag":"U"}', '{"idTag":<token T>,"idTag":<token U>}'],
    ['{"a":{"idTag":"T"},"a":1}', '{"a":{"idTag":<token T>},"a":1}'],
    ['{"id\\u0054ag":"T"}', '{"id\\u0054ag":<token T>}'],
    ['{"IDTAG":42}', '{"IDTAG":<token 42>}'],
    ['{"idTag":{"x":"T"}}', '{"idTag":<token {"x":"T"}>}'],
    ['{"idTag":null,"parentIdTag":""}', '{"idTag":null,"parentIdTag":""}'],
    [
      '{"idToken":{"idToken":"T","type":"ISO14443","additionalInfo":[{"additionalIdToken":"U","type":"x"}]}}',
      '{"idToken":{"idToken":<token T>,"type":"ISO14443","additionalInfo":[{"additionalIdToken":<token U>,"type":"x"}]}}',
    ],
    ['{"idToken":["T"]}', '{"idToken":<token ["T"]>}'],
    [
      '{"localAuthorizationList":[{"idTag":"T","idTagInfo":{"status":"Accepted","parentIdTag":"P"}}]}',
      '{"localAuthorizationList":[{"idTag":<token T>,"idTagInfo":{"status":"Accepted","parentIdTag":<token P>}}]}',
    ],
    ['{"vendorId":"V","data":"tag=T"}', '{"vendorId":"V","data":<personal>}'],
    ['{"customData":{"vendorId":"V","x":["T"]},"a":1}', '{"customData":<personal>,"a":1}'],
    ['{"key":"AuthorizationKey","value":"4F"}', '{"key":"AuthorizationKey","value":<secret>}'],
    ['{"value":"p","key":"WifiPassword"}', '{"value":<secret>,"key":"WifiPassword"}'],
    ['{"key":"HeartbeatInterval","value":"9"}', '{"key":"HeartbeatInterval","value":"9"}'],
    [
      '{"setVariableData":[{"attributeValue":"p","component":{"name":"SecurityCtrlr"},"variable":{"name":"BasicAuthPassword"}}]}',
      '{"setVariableData":[{"attributeValue":<secret>,"component":{"name":"SecurityCtrlr"},"variable":{"name":"BasicAuthPassword"}}]}',
    ],
    [
      '{"apn":{"apnPassword":"p","simPin":1}}',
      '{"apn":{"apnPassword":<secret>,"simPin":<secret>}}',
    ],
    [
      '{"eventData":[{"actualValue":"T","component":{"name":"TokenReader"},"variable":{"name":"Token"}}]}',
      '{"eventData":[{"actualValue":<token T>,"component":{"name":"TokenReader"},"variable":{"name":"Token"}}]}',
    ],
    [
      '{"sampledValue":[{"value":"OCMF|x","format":"SignedData"},{"value":"5"}]}',
      '{"sampledValue":[{"value":<signed>,"format":"SignedData"},{"value":"5"}]}',
    ],
    [
      '{"signedMeterValue":{"signedMeterData":"T0NN","publicKey":"k"}}',
      '{"signedMeterValue":{"signedMeterData":<signed>,"publicKey":"k"}}',
    ],
    ['{"location":"ftp:\\/\\/u:p@h/d"}', '{"location":"ftp:\\/\\/<userinfo>@h/d"}'],
    ['{"x":"-----BEGIN EC PRIVATE KEY-----\\n.."}', '{"x":<secret>}'],
  ])('%s is %s', (said, expected) => expect(stored(call(said))).toBe(call(expected)));

  it('knows the name of a setting from that of a field that is called the same', () => {
    const say = (name: string): string =>
      `{"component":{"name":"X"},"variable":{"name":"${name}"},"attributeValue":"v"}`;
    expect(stored(call(say('TokenInfo')))).toContain('<secret>');
    expect(stored(call(say('IdTagInfo')))).toContain('<token v>');
    expect(stored(call(say('Id_Tag')))).toContain('<token v>');
    expect(stored(call('{"idTokenInfo" : {"status":"Accepted"}}'))).toContain('"Accepted"');
  });

  it('has answers and errors looked through as well', () => {
    expect(stored('[3,"1",{"idTagInfo":{"parentIdTag":"P"}}]')).toBe(
      '[3,"1",{"idTagInfo":{"parentIdTag":<token P>}}]',
    );
    expect(stored('[4,"1","FormationViolation","no",{"data":{"idTag":"T"}}]')).toBe(
      '[4,"1","FormationViolation","no",{"data":<personal>}]',
    );
  });

  it.each([
    [
      '[2,"1","X",{"reason":"Local","cardRead":"T"}]',
      '[2,"1","X",{"reason":"Local","cardRead":<personal>}]',
    ],
    [
      '[2,"1","X",{"cards":["T",1,{"reason":"R"}]}]',
      '[2,"1","X",{"cards":[<personal>,1,{"reason":"R"}]}]',
    ],
    [
      '[2,"1","X",{"cards":{"reason":"R","last":"T"}}]',
      '[2,"1","X",{"cards":{"reason":"R","last":<personal>}}]',
    ],
    ['[2,"1","X",{"card":"T","card":1}]', '[2,"1","X",{"card":<personal>,"card":1}]'],
    [
      '[2,"1","X",{"reason":{"enc":"v1:AAAAAAAAAAAAAAAA:AAAA"}}]',
      '[2,"1","X",{"reason":{"enc":<personal>}}]',
    ],
    ['[4,"1","InternalError","no T",{}]', '[4,"1","InternalError",<personal>,{}]'],
    ['[4,"1","InternalError","",{"reason":"R"}]', '[4,"1","InternalError","",{"reason":"R"}]'],
    [
      '[3,"1",{"statusInfo":{"additionalInfo":"T"}}]',
      '[3,"1",{"statusInfo":{"additionalInfo":<personal>}}]',
    ],
  ])('has what a charger says in words of its own encrypted: %s', (said, expected) => {
    const parts = sensitivePartsOf(said, (name) =>
      /^(reason|statusinfo|additionalinfo)$/.test(name),
    );
    expect(parts && withParts(said, parts, ({ kind }) => `<${kind}>`)).toBe(expected);
  });

  it.each([
    '',
    'hello',
    '"T"',
    '{"idTag":"T"}',
    '[2,"1","Authorize",{"idTag":"T"}',
    '[2,"1","Authorize","T"]',
    '[2,1,"Authorize",{}]',
    '[9,"1",{}]',
    `[2,"1","X",{"a":${'['.repeat(40)}${']'.repeat(40)},"idTag":"T"}]`,
  ])('is not looked into where it is no frame: %s', (text) => expect(stored(text)).toBeUndefined());

  it('keeps its time with the largest frame there can be', () => {
    const many = `[2,"1","X",{"list":[${Array(8_000).fill('{"idTag":"T","a":{"b":[]}}').join(',')}]}]`;
    expect(sensitivePartsOf(many)).toHaveLength(8_000);
  });
});
