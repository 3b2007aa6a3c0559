"""The portal's own SDK as a receiver of webhooks, to compare with: FastAPI on uvicorn, a queue in memory.

Its reconciler has nothing to do but to note when it was called. `GET /begun` answers how long each product waited for
that, in milliseconds, since the last call.
"""

import sys
import time
from contextlib import asynccontextmanager
from uuid import UUID

import uvicorn
from fastapi import FastAPI, Request
from sdk.api_client.models import DataProductEvent
from sdk.provisioner.reconcile_manager import ReconcileEventHandler, ReconcileManager, Reconciler, ResourceType

came: dict[UUID, float] = {}
waited: list[float] = []


class Noting(Reconciler):
    async def reconcile(self, resource_id: UUID) -> None:
        waited.append((time.monotonic() - came.pop(resource_id)) * 1000)


class Handler(ReconcileEventHandler):
    async def on_data_product_event(self, data: DataProductEvent) -> None:
        came.setdefault(data.id, time.monotonic())
        await super().on_data_product_event(data)


manager = ReconcileManager({ResourceType.DATA_PRODUCT: Noting()})
handler = Handler(manager)


@asynccontextmanager
async def lifespan(_: FastAPI):
    manager.start()
    yield
    await manager.stop()


app = FastAPI(lifespan=lifespan)


@app.post("/")
async def receive(request: Request):
    return await handler.dispatch_routing(request)


@app.get("/begun")
async def begun() -> list[float]:
    taken = waited.copy()
    waited.clear()
    return taken


if __name__ == "__main__":
    port, way = int(sys.argv[1]), sys.argv[2]
    if way == "plain":
        # As the portal's demo starts its provisioner (demo/basic/provisioner/Dockerfile): uvicorn without extras, whose
        # loop and parser are Python's own, and a line for each request.
        uvicorn.run(app, host="127.0.0.1", port=port, loop="asyncio", http="h11")
    else:
        uvicorn.run(app, host="127.0.0.1", port=port, loop="uvloop", http="httptools", access_log=False)
