import { status } from '@grpc/grpc-js';
import { RpcException } from '@nestjs/microservices';
import { decodeAuthorizeRequest } from './authorize-request';
import { encodeAuthorizeResponse } from './authorize-response';

const message = {
  cpoId: 'north',
  chargePointId: 'CP-1',
  connectorId: 1,
  idTag: '04A1B2C3',
  at: { seconds: '1780315200', nanos: 250_000_000 },
  tariffId: 'standard',
  currency: 'EUR',
  powerWMax: '22000',
  purpose: 'start',
};
const faultOf = (changed: object): { code: number; message: string } => {
  try {
    decodeAuthorizeRequest({ ...message, ...changed });
  } catch (error) {
    if (error instanceof RpcException) return error.getError() as { code: number; message: string };
    throw error;
  }
  throw new Error('the request was taken');
};

describe('an AuthorizeRequest', () => {
  it('is read with its instant to the millisecond', () => {
    expect(decodeAuthorizeRequest(message)).toMatchObject({
      at: '2026-06-01T12:00:00.250Z',
      idTag: '04A1B2C3',
      connectorId: 1,
    });
  });

  it('may leave out what proto3 leaves out: connector 0, no tariff, whole seconds', () => {
    const { connectorId: _c, tariffId: _t, ...rest } = message;
    const request = decodeAuthorizeRequest({ ...rest, at: { seconds: '1780315200' } });
    expect(request).toMatchObject({
      connectorId: 0,
      tariffId: '',
      at: '2026-06-01T12:00:00.000Z',
    });
  });

  it('says where it asks, or leaves that out', () => {
    const place = {
      locationId: 'L-1',
      siteGroups: ['depots'],
      evseGroups: ['hpc'],
      timeZone: 'Europe/Berlin',
    };
    expect(decodeAuthorizeRequest({ ...message, ...place })).toMatchObject(place);
    const unknown = decodeAuthorizeRequest({ ...message, locationId: '', timeZone: '' });
    expect(unknown).toMatchObject({ siteGroups: [], evseGroups: [] });
    expect([unknown.locationId, unknown.timeZone]).toEqual([undefined, undefined]);
  });

  it.each([
    [{ timeZone: 'Middle/Earth' }, 'timeZone: is not an IANA time zone'],
    [{ cpoId: undefined }, 'cpoId: is missing'],
    [{ idTag: '' }, 'idTag: is missing'],
    [{ at: undefined }, 'at: is missing'],
    [{ currency: 'EURO' }, 'currency: is not an ISO 4217 code with a known minor unit'],
    [{ purpose: 'stop' }, 'purpose: must be authorize or start'],
    [{ connectorId: -1 }, 'connectorId: must not be negative'],
    [{ at: { seconds: '99999999999999' } }, 'at: is not an instant of years 0000 to 9999'],
  ])('is refused by the name of its field: %p', (changed, fault) => {
    expect(faultOf(changed)).toEqual({ code: status.INVALID_ARGUMENT, message: fault });
  });

  it('is told all faults at once, never the idTag itself', () => {
    const { message: text } = faultOf({ idTag: 'A'.repeat(256), currency: '' });
    expect(text).toContain('idTag: ');
    expect(text).toContain('currency: ');
    expect(text).not.toContain('AAAA');
  });
});

describe('an AuthorizeResponse', () => {
  it('has int64 as text and instants as seconds and nanos', () => {
    const response = encodeAuthorizeResponse(
      {
        decisionId: 'decision-1',
        status: 'Accepted',
        tokenRef: 'token-1',
        tier: 'member',
        discountPercent: { unscaled: 125n, scale: 1 },
        entitlementVersion: 3n,
        paymentRoute: 'card',
        hold: { amountMinor: 5_000n, currency: 'EUR' },
        rule: 'member-entitled',
        decidedAt: '2026-06-01T12:00:00.250Z',
      },
      '1969-12-31T23:59:59.750Z',
    );
    expect(response).toEqual({
      decision: {
        decisionId: 'decision-1',
        status: 'Accepted',
        tokenRef: 'token-1',
        tier: 'member',
        discountPercent: { unscaled: '125', scale: 1 },
        entitlementVersion: '3',
        paymentRoute: 'card',
        hold: { amountMinor: '5000', currency: 'EUR' },
        rule: 'member-entitled',
        decidedAt: { seconds: '1780315200', nanos: 250_000_000 },
      },
      expiresAt: { seconds: '-1', nanos: 750_000_000 },
    });
  });
});
