"""A client of the dask scheduler that a run was given, as object, address or kind of cluster."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from smalti.core.errors import MissingExtraError, SmaltiError, UsageError
from smalti.processing.cluster.jobs import check_cluster, started
from smalti.processing.running import Running

__all__ = ["check_reachable", "client_of"]

CONNECT_SECONDS = 3.0
"""A scheduler that does not answer so long is not there."""


def check_reachable(running: Running) -> None:
    """Look whether there is what a run is to be done on, before anything is done.

    Raises
    ------
    MissingExtraError
        dask.distributed or dask-jobqueue is not installed.
    UsageError
        No scheduler answers within five seconds, what was given is none, or jobs cannot be submitted.
    """
    if running.cluster is not None:
        check_cluster(running.cluster, running.cluster_options)
    elif isinstance(running.client, str):
        _check_answers(running.client)
    elif running.client is not None:
        _check_client(running.client)


@contextmanager
def client_of(running: Running) -> Iterator[Any]:
    """The `distributed.Client` of a run on other machines; closed after it, unless it was given."""
    if running.cluster is not None:
        with started(running.cluster, running.cluster_options) as cluster, _connected(cluster) as client:
            yield client
    elif isinstance(running.client, str):
        with _connected(running.client) as client:
            yield client
    else:
        yield running.client


def _check_client(client: Any) -> None:
    from distributed import Client

    if not isinstance(client, Client):
        raise UsageError(f"client is a {type(client).__name__}; give a distributed.Client or an address")
    if client.asynchronous:
        raise UsageError("the client is asynchronous; give one made with asynchronous=False")
    if client.status != "running":
        raise UsageError(f"the client is {client.status}; connect it to its scheduler first")


@contextmanager
def _connected(to: Any) -> Iterator[Any]:
    from distributed import Client

    try:
        client = Client(to, timeout=CONNECT_SECONDS, set_as_default=False)
    except OSError as error:
        raise SmaltiError(f"the dask scheduler went away before the run began: {error}") from error
    with client:
        yield client


def _check_answers(address: str) -> None:
    """Raise UsageError when there is no dask scheduler at an address.

    Asked before a client is made: one that finds no scheduler never gives up on a server of another kind,
    and holds up the end of the process for seconds.
    """
    try:
        import distributed  # noqa: F401
    except ImportError:
        raise MissingExtraError("distributed", "cluster") from None
    try:
        _knock(address)
        with ThreadPoolExecutor(1) as pool:  # a notebook's own thread has an event loop already
            kind = pool.submit(asyncio.run, _kind(address)).result()
    except Exception as error:  # of sockets, TLS, addresses, or of reading what another server sent
        said = str(error).strip() or f"no answer within {CONNECT_SECONDS:g} s"
        raise UsageError(f"no dask scheduler answers at {address}: {said}; check the address") from error
    if kind != "Scheduler":
        raise UsageError(f"at {address} answers a dask {kind}; give the address of the scheduler")


def _knock(address: str) -> None:
    """Raise at once where dask would try again until its time is over: no such host, nobody listening."""
    from distributed.comm.addressing import get_address_host_port, parse_address

    if parse_address(address)[0] in ("tcp", "tls"):
        host_and_port = get_address_host_port(address, strict=True)
        socket.create_connection(host_and_port, timeout=CONNECT_SECONDS).close()


async def _kind(address: str) -> str:
    """What a dask server says it is."""
    from distributed import Security, rpc

    keys = Security().get_connection_args("client")

    async def ask() -> str:
        async with rpc(address, timeout=CONNECT_SECONDS, connection_args=keys) as server:
            return str((await server.identity())["type"])

    return await asyncio.wait_for(ask(), CONNECT_SECONDS)
