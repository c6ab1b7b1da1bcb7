"""Large transfers, and clients that sit still: `python -m bench.load_bulk download|upload|stall|idle --help`."""

from __future__ import annotations

import socket
import time

import click

from bench import load_socket, process
from bench.load_socket import READ_BYTES, ask, connect

MIB = 1024 * 1024
STALL_RECEIVE_BYTES = 4096
SINK = bytearray(MIB)
SOURCES = 4
"""Addresses from which idle clients connect: an address has fewer free ports than a server may have clients."""


def take(sock: socket.socket, path: str) -> int:
    """Ask for a file and throw it away; return its octets. Raises ConnectionError, ValueError, TimeoutError."""
    ask(sock, f"GET {path} HTTP/1.1")
    length, content = read_length(sock)
    count = len(content)
    while count < length:
        came = sock.recv_into(SINK, min(len(SINK), length - count), socket.MSG_TRUNC)
        if not came:
            raise ConnectionError(f"closed after {count} of {length} octets")
        count += came
    return length


def read_length(sock: socket.socket) -> tuple[int, bytes]:
    """Return the Content-Length of an answer, and what of the content has come with its head."""
    head, behind = load_socket.read_head(sock)
    lengths = [line.partition(b":")[2] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    if len(lengths) != 1:
        raise ValueError(f"an answer that this load does not take: {head!r}")
    return int(lengths[0]), behind


def read_all(sock: socket.socket) -> bytes:
    """Return the content of one small answer."""
    length, content = read_length(sock)
    while len(content) < length:
        data = sock.recv(READ_BYTES)
        if not data:
            raise ConnectionError(f"closed after {len(content)} of {length} octets")
        content += data
    return content


@click.group()
@click.option("--port", type=int, required=True)
@click.pass_context
def main(context: click.Context, port: int) -> None:
    """Put a server under a load of few and large things."""
    context.obj = port


@main.command()
@click.option("--path", required=True)
@click.option("--seconds", type=float, default=0.0, help="Take it again until so much time is over.")
@click.pass_obj
def download(port: int, path: str, seconds: float) -> None:
    """Take one file on one connection, at least once; its octets are thrown away in the kernel. Counts MiB."""
    sock = connect(port)
    octets = 0
    began = time.perf_counter()
    while not octets or time.perf_counter() - began < seconds:
        octets += take(sock, path)
    process.say_result(count=octets // MIB, seconds=time.perf_counter() - began, octets=octets)


@main.command()
@click.option("--path", required=True)
@click.option("--mib", type=int, required=True)
@click.pass_obj
def upload(port: int, path: str, mib: int) -> None:
    """Send so much content; the server answers with the number of its octets. Counts MiB."""
    piece = bytes(MIB)
    began = time.perf_counter()
    sock = connect(port)
    ask(sock, f"PUT {path} HTTP/1.1\r\nContent-Length: {mib * MIB}")
    for _ in range(mib):
        sock.sendall(piece)
    content = read_all(sock)
    if int(content) != mib * MIB:
        raise ValueError(f"the server has {content!r} octets")
    process.say_result(count=mib, seconds=time.perf_counter() - began, octets=mib * MIB)


@main.command()
@click.option("--path", required=True)
@click.option("--clients", type=int, required=True)
@click.pass_obj
def stall(port: int, path: str, clients: int) -> None:
    """Ask from many clients, say so, and read nothing."""
    asked = [connect(port, receive_bytes=STALL_RECEIVE_BYTES) for _ in range(clients)]
    for sock in asked:
        ask(sock, f"GET {path} HTTP/1.1")
    process.say_ready()
    process.say_result(count=len(asked), seconds=1.0)


@main.command()
@click.option("--clients", type=int, required=True)
@click.pass_obj
def idle(port: int, clients: int) -> None:
    """Have many clients ask once and keep their connection; at the end each asks again, so that all were kept."""
    kept: list[socket.socket] = []
    for number in range(clients):
        sock = connect(port, source=f"127.0.0.{1 + number % SOURCES}")
        ask(sock, "GET / HTTP/1.1")
        read_all(sock)
        kept.append(sock)
    process.say_ready()
    for sock in kept:
        ask(sock, "GET / HTTP/1.1")
        read_all(sock)
    process.say_result(count=len(kept), seconds=1.0)


if __name__ == "__main__":
    main()
