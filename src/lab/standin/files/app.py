"""A stand-in for the platform's applications: a small real HTTP server that says who it is.

It reads its role's configuration, writes to its data folder, answers the health URLs of the application it
stands for with its name and version, keeps connections alive and ends quickly and cleanly on SIGTERM, also as PID 1.

Environment: STANDIN_NAME, STANDIN_VERSION, STANDIN_PORTS (with commas); STANDIN_CONFIG (a JSON file, read where it is
mounted), STANDIN_DATA (a folder, written to where it is mounted), STANDIN_HEALTH=never (answers 503 for ever).
"""

import asyncio
import json
import os
import signal
import socket
import sys
import time
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

LONGEST_HEAD = 64 * 1024
# How long requests that are being answered may take after SIGTERM. Seconds.
DRAIN = 1.2


class App:
    def __init__(self, environment):
        self.name = environment["STANDIN_NAME"]
        self.version = environment["STANDIN_VERSION"]
        self.ports = [int(port) for port in environment["STANDIN_PORTS"].split(",") if port]
        self.healthy = environment.get("STANDIN_HEALTH") != "never"
        self.config = read_config(environment.get("STANDIN_CONFIG"))
        self.starts = count_start(environment.get("STANDIN_DATA"), self.name)
        self.ending = False
        self.idle = set()
        self.busy = set()

    async def run(self):
        servers = [
            await asyncio.start_server(self.serve, sock=listen(port), limit=LONGEST_HEAD) for port in self.ports
        ]
        ended = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, ended.set)
        say(f"{self.name} {self.version} listens on {self.ports}")
        await ended.wait()
        self.ending = True
        for server in servers:
            server.close()
        for writer in list(self.idle):
            writer.close()
        if self.busy:
            await asyncio.wait(self.busy, timeout=DRAIN)
        say(f"{self.name} {self.version} ended")

    async def serve(self, reader, writer):
        try:
            while await self.exchange(reader, writer):
                pass
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, ValueError):
            pass
        finally:
            self.idle.discard(writer)
            writer.close()

    async def exchange(self, reader, writer):
        """One request and its answer; tells whether the connection stays open."""
        self.idle.add(writer)
        head = await reader.readuntil(b"\r\n\r\n")
        self.idle.discard(writer)
        task = asyncio.current_task()
        self.busy.add(task)
        try:
            request, headers = parse(head.decode("latin-1"))
            await reader.readexactly(int(headers.get("content-length", "0")))
            method, target, protocol = request.split(" ", 2)
            status, kind, body = await self.answer(target)
            wanted = headers.get("connection", "keep-alive" if protocol == "HTTP/1.1" else "close").lower()
            stays = wanted == "keep-alive" and not self.ending
            writer.write(self.head(status, kind, body, stays) + (b"" if method == "HEAD" else body))
            await writer.drain()
            return stays
        finally:
            self.busy.discard(task)

    def head(self, status, kind, body, stays):
        lines = [
            f"HTTP/1.1 {status.value} {status.phrase}",
            f"Content-Length: {len(body)}",
            f"Content-Type: {kind}",
            f"Connection: {'keep-alive' if stays else 'close'}",
            f"API-Version: {self.version}",
            f"X-Standin: {self.name}/{self.version}",
        ]
        if status is HTTPStatus.SERVICE_UNAVAILABLE:
            lines.append("Retry-After: 5")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    async def answer(self, target):
        """Status, content type and body for a path."""
        url = urlsplit(target)
        # A request that takes its time, so that draining can be watched: ?delay=MILLISECONDS.
        delay = parse_qs(url.query).get("delay", ["0"])[0]
        await asyncio.sleep(min(int(delay), 10_000) / 1000)
        if not self.healthy:
            return self.json(HTTPStatus.SERVICE_UNAVAILABLE, {"error": "never healthy"})
        last = url.path.rstrip("/").rpartition("/")[2]
        if last == "check_username":
            return self.json(HTTPStatus.OK, {"reserved": False})
        if last == "events":
            return self.json(HTTPStatus.OK, {"events": []})
        if last == "ping" and self.name == "influxdb":
            return HTTPStatus.NO_CONTENT, "text/plain", b""
        if last in ("", "status") or self.name.startswith("app-web"):
            return self.json(HTTPStatus.OK, self.status())
        return self.json(HTTPStatus.NOT_FOUND, {"error": "unknown resource"})

    def status(self):
        known = {"domain": self.config.get("domain"), "starts": self.starts, "container": socket.gethostname()}
        return {"status": "ok", **{key: value for key, value in known.items() if value is not None}}

    def json(self, status, fields):
        meta = {"apiVersion": self.version, "serverTime": time.time()}
        text = json.dumps({"name": self.name, "version": self.version, **fields, "meta": meta})
        return status, "application/json", text.encode() + b"\n"


def parse(head):
    request, *lines = head.split("\r\n")
    pairs = (line.partition(":") for line in lines if line)
    return request, {name.strip().lower(): value.strip() for name, _, value in pairs}


def read_config(path):
    if not path or not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def count_start(folder, name):
    """How often a container has started on this data: proof that data outlives containers."""
    if not folder or not os.path.isdir(folder):
        return None
    path = os.path.join(folder, f"starts-{name}.json")
    try:
        with open(path, encoding="utf-8") as file:
            starts = json.load(file) + 1
    except FileNotFoundError:
        starts = 1
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(starts, file)
    os.replace(path + ".new", path)
    return starts


def listen(port):
    """Both families where the kernel has IPv6, otherwise IPv4."""
    if socket.has_dualstack_ipv6():
        return socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=1024)
    return socket.create_server(("0.0.0.0", port), backlog=1024)


def say(line):
    print(line, flush=True)


if __name__ == "__main__":
    try:
        asyncio.run(App(os.environ).run())
    except (OSError, ValueError) as error:
        say(f"cannot start: {error}")
        sys.exit(1)
