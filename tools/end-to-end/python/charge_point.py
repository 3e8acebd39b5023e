"""A charge point built on the Python package `ocpp`, which shares no code with this repository.

Reads one session as JSON on standard input, runs it over OCPP 1.6J, and prints what the server
answered as one line of JSON:

    {"url": "ws://host:port/ocpp", "id": "CP", "password": "...", "idTag": "...",
     "startAt": "...", "stopAt": "...", "availableAt": "...",
     "meterStartWh": 1, "meterStopWh": 2, "readings": [{"at": "...", "registerWh": 1}]}
"""

import asyncio
import base64
import json
import sys

import websockets
from ocpp.v16 import ChargePoint, call


def status(state, at):
    return call.StatusNotification(
        connector_id=1, error_code="NoError", status=state, timestamp=at
    )


async def run(session, charge_point):
    async def ask(request):
        # An answer that is an error ends the script, with the server's words.
        return await charge_point.call(request, suppress=False)

    boot = await ask(
        call.BootNotification(charge_point_model="Independent", charge_point_vendor="Python")
    )
    await ask(call.Heartbeat())
    await ask(status("Preparing", session["startAt"]))
    authorized = await ask(call.Authorize(id_tag=session["idTag"]))
    started = await ask(
        call.StartTransaction(
            connector_id=1,
            id_tag=session["idTag"],
            meter_start=session["meterStartWh"],
            timestamp=session["startAt"],
        )
    )
    await ask(status("Charging", session["startAt"]))
    for reading in session["readings"]:
        await ask(
            call.MeterValues(
                connector_id=1,
                transaction_id=started.transaction_id,
                meter_value=[
                    {
                        "timestamp": reading["at"],
                        "sampledValue": [{"value": str(reading["registerWh"])}],
                    }
                ],
            )
        )
    await ask(
        call.StopTransaction(
            transaction_id=started.transaction_id,
            meter_stop=session["meterStopWh"],
            timestamp=session["stopAt"],
            id_tag=session["idTag"],
        )
    )
    await ask(status("Finishing", session["stopAt"]))
    await ask(status("Available", session["availableAt"]))
    return {
        "boot": boot.status,
        "authorized": authorized.id_tag_info["status"],
        "started": started.id_tag_info["status"],
        "transactionId": started.transaction_id,
    }


async def main():
    session = json.load(sys.stdin)
    credentials = f"{session['id']}:{session['password']}".encode()
    headers = {"Authorization": "Basic " + base64.b64encode(credentials).decode()}
    url = f"{session['url']}/{session['id']}"
    async with websockets.connect(
        url, subprotocols=["ocpp1.6"], additional_headers=headers
    ) as connection:
        charge_point = ChargePoint(session["id"], connection)
        listening = asyncio.create_task(charge_point.start())
        try:
            answers = await asyncio.wait_for(run(session, charge_point), timeout=40)
        finally:
            listening.cancel()
    print(json.dumps({"subprotocol": connection.subprotocol, **answers}))


asyncio.run(main())
