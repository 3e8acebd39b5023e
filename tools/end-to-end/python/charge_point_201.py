"""The same charge point as charge_point.py, in OCPP 2.0.1.

Reads the same session as JSON on standard input and prints the same answers; the transaction id is
its own.
"""

import asyncio
import base64
import json
import sys
import uuid

import websockets
from ocpp.v201 import ChargePoint, call


def status(state, at):
    return call.StatusNotification(
        timestamp=at, connector_status=state, evse_id=1, connector_id=1
    )


def register(watt_hours, at, context):
    sample = {
        "value": watt_hours / 1000,
        "context": context,
        "unitOfMeasure": {"unit": "kWh", "multiplier": 0},
    }
    return [{"timestamp": at, "sampledValue": [sample]}]


async def run(session, charge_point):
    async def ask(request):
        # An answer that is an error ends the script, with the server's words.
        return await charge_point.call(request, suppress=False)

    transaction_id = str(uuid.uuid4())
    token = {"id_token": session["idTag"], "type": "ISO14443"}
    events = 0

    async def event(event_type, trigger, at, state=None, reason=None, **other):
        nonlocal events
        info = {"transaction_id": transaction_id}
        if state is not None:
            info["charging_state"] = state
        if reason is not None:
            info["stopped_reason"] = reason
        request = call.TransactionEvent(
            event_type=event_type,
            timestamp=at,
            trigger_reason=trigger,
            seq_no=events,
            transaction_info=info,
            **other,
        )
        events += 1
        return await ask(request)

    boot = await ask(
        call.BootNotification(
            charging_station={"model": "Independent", "vendor_name": "Python"}, reason="PowerUp"
        )
    )
    await ask(call.Heartbeat())
    start = session["startAt"]
    await ask(status("Occupied", start))
    authorized = await ask(call.Authorize(id_token=token))
    started = await event(
        "Started",
        "Authorized",
        start,
        state="Charging",
        id_token=token,
        evse={"id": 1, "connector_id": 1},
        meter_value=register(session["meterStartWh"], start, "Transaction.Begin"),
    )
    for reading in session["readings"]:
        await event(
            "Updated",
            "MeterValuePeriodic",
            reading["at"],
            meter_value=register(reading["registerWh"], reading["at"], "Sample.Periodic"),
        )
    await event(
        "Ended",
        "StopAuthorized",
        session["stopAt"],
        state="EVConnected",
        reason="Local",
        id_token=token,
        meter_value=register(session["meterStopWh"], session["stopAt"], "Transaction.End"),
    )
    await ask(status("Available", session["availableAt"]))
    return {
        "boot": boot.status,
        "authorized": authorized.id_token_info["status"],
        "started": started.id_token_info["status"],
        "transactionId": transaction_id,
    }


async def main():
    session = json.load(sys.stdin)
    credentials = f"{session['id']}:{session['password']}".encode()
    headers = {"Authorization": "Basic " + base64.b64encode(credentials).decode()}
    url = f"{session['url']}/{session['id']}"
    async with websockets.connect(
        url, subprotocols=["ocpp2.0.1"], additional_headers=headers
    ) as connection:
        charge_point = ChargePoint(session["id"], connection)
        listening = asyncio.create_task(charge_point.start())
        try:
            answers = await asyncio.wait_for(run(session, charge_point), timeout=40)
        finally:
            listening.cancel()
    print(json.dumps({"subprotocol": connection.subprotocol, **answers}))


asyncio.run(main())
