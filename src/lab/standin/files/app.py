"""A stand-in for the platform's applications: a small real HTTP server that says who it is.

It reads its role's configuration, writes to its data folder, answers the health URLs of the application it
stands for with its name and version, keeps connections alive and ends quickly and cleanly on SIGTERM, also as PID 1.

Environment: STANDIN_NAME, STANDIN_VERSION, STANDIN_PORTS (with commas); STANDIN_CONFIG (a JSON file, read where it is
mounted), STANDIN_DATA (a folder, written to where it is mounted), STANDIN_HEALTH=never (answers 503 for ever).

A thread for every connection: a lab starts hundreds of these, and asyncio alone takes longer to load than all of this.
"""

import json
import os
import signal
import socket
import sys
import threading
import time

LONGEST_HEAD = 64 * 1024
# How long requests that are being answered may take after SIGTERM. Seconds.
DRAIN = 1.2
REASONS = {200: "OK", 204: "No Content", 404: "Not Found", 503: "Service Unavailable"}


class App:
    def __init__(self, environment):
        self.name = environment["STANDIN_NAME"]
        self.version = environment["STANDIN_VERSION"]
        self.ports = [int(port) for port in environment["STANDIN_PORTS"].split(",") if port]
        self.healthy = environment.get("STANDIN_HEALTH") != "never"
        self.config = read_config(environment.get("STANDIN_CONFIG"))
        self.starts = count_start(environment.get("STANDIN_DATA"), self.name)
        self.ending = False
        self.open = set()
        self.changed = threading.Condition()

    def run(self):
        ends = {signal.SIGTERM, signal.SIGINT}
        # Every thread inherits this, so that only the wait below hears them.
        signal.pthread_sigmask(signal.SIG_BLOCK, ends)
        listeners = [listen(port) for port in self.ports]
        for listener in listeners:
            begin(self.accept, listener)
        say(f"{self.name} {self.version} listens on {self.ports}")
        signal.sigwait(ends)
        with self.changed:
            self.ending = True
            for listener in listeners:
                listener.shutdown(socket.SHUT_RDWR)
            for connection in self.open:
                hear_no_more(connection)
            self.changed.wait_for(lambda: not self.open, DRAIN)
        say(f"{self.name} {self.version} ended")

    def accept(self, listener):
        while not self.ending:
            try:
                connection, _ = listener.accept()
            except OSError as error:
                if not self.ending:
                    say(f"a connection was lost: {error}")
                continue
            begin(self.serve, connection)

    def serve(self, connection):
        with self.changed:
            self.open.add(connection)
            if self.ending:
                hear_no_more(connection)
        try:
            with connection, connection.makefile("rb") as stream:
                while self.exchange(connection, stream):
                    pass
        except (OSError, ValueError):
            pass
        with self.changed:
            self.open.discard(connection)
            self.changed.notify_all()

    def exchange(self, connection, stream):
        """One request and its answer; tells whether the connection stays open."""
        request, headers = read_head(stream)
        stream.read(int(headers.get("content-length", "0")))
        method, target, protocol = request.split(" ", 2)
        status, kind, body = self.answer(target)
        wanted = headers.get("connection", "keep-alive" if protocol == "HTTP/1.1" else "close").lower()
        stays = wanted == "keep-alive" and not self.ending
        connection.sendall(self.head(status, kind, body, stays) + (b"" if method == "HEAD" else body))
        return stays

    def head(self, status, kind, body, stays):
        lines = [
            f"HTTP/1.1 {status} {REASONS[status]}",
            f"Content-Length: {len(body)}",
            f"Content-Type: {kind}",
            f"Connection: {'keep-alive' if stays else 'close'}",
            f"API-Version: {self.version}",
            f"X-Standin: {self.name}/{self.version}",
        ]
        if status == 503:
            lines.append("Retry-After: 5")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def answer(self, target):
        """Status, content type and body for a path."""
        path, _, query = target.partition("?")
        # A request that takes its time, so that draining can be watched: ?delay=MILLISECONDS.
        delay = dict(pair.split("=", 1) for pair in query.split("&") if "=" in pair).get("delay", "0")
        time.sleep(min(int(delay), 10_000) / 1000)
        if not self.healthy:
            return self.json(503, {"error": "never healthy"})
        last = path.rstrip("/").rpartition("/")[2]
        if last == "check_username":
            return self.json(200, {"reserved": False})
        if last == "events":
            return self.json(200, {"events": []})
        if last == "ping" and self.name == "influxdb":
            return 204, "text/plain", b""
        if last in ("", "status") or self.name.startswith("app-web"):
            return self.json(200, self.status())
        return self.json(404, {"error": "unknown resource"})

    def status(self):
        known = {"domain": self.config.get("domain"), "starts": self.starts, "container": socket.gethostname()}
        return {"status": "ok", **{key: value for key, value in known.items() if value is not None}}

    def json(self, status, fields):
        meta = {"apiVersion": self.version, "serverTime": time.time()}
        text = json.dumps({"name": self.name, "version": self.version, **fields, "meta": meta})
        return status, "application/json", text.encode() + b"\n"


def read_head(stream):
    """The request's line and its headers; a connection that ends has none."""
    lines, left = [], LONGEST_HEAD
    while True:
        line = stream.readline(left)
        left -= len(line)
        if not line.endswith(b"\n"):
            raise ValueError("half a head, or too long a one")
        line = line.decode("latin-1").rstrip("\r\n")
        if not line:
            break
        lines.append(line)
    request, *lines = lines
    pairs = (line.partition(":") for line in lines)
    return request, {name.strip().lower(): value.strip() for name, _, value in pairs}


def hear_no_more(connection):
    """What has arrived can still be read; who waits for more reads the end."""
    try:
        connection.shutdown(socket.SHUT_RD)
    except OSError:
        pass


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


def begin(work, about):
    threading.Thread(target=work, args=(about,), daemon=True).start()


def say(line):
    print(line, flush=True)


if __name__ == "__main__":
    try:
        App(os.environ).run()
    except (OSError, ValueError) as error:
        say(f"cannot start: {error}")
        sys.exit(1)
