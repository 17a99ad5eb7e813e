"""A small network of its own for each machine: the controller, a second host outside, and the tap of the machine.

Everything lives in two network namespaces, so that this machine's own network, firewall and Docker are left alone, and
machines beside each other can have the same addresses.
"""

from shell import run

V4 = {"controller": "10.77.0.1", "outsider": "10.77.0.3", "machine": "10.77.0.11"}
V6 = {"controller": "fd77::1", "outsider": "fd77::3", "machine": "fd77::11"}


class Network:
    """The network of one release's machine."""

    def __init__(self, release):
        self.controller, self.outsider = f"pryv-{release}-ctl", f"pryv-{release}-out"
        # The kernel takes 15 characters.
        self.tap = f"pryv-{release}"

    def __enter__(self):
        """Makes both namespaces and the bridge between them."""
        self._remove()
        for namespace in (self.controller, self.outsider):
            run("ip", "netns", "add", namespace)
            _ip(namespace, "link", "set", "lo", "up")
        _ip(self.controller, "link", "add", "bridge", "type", "bridge")
        _ip(self.controller, "link", "add", "wire", "type", "veth", "peer", "name", "eth0", "netns", self.outsider)
        _ip(self.controller, "link", "set", "wire", "master", "bridge", "up")
        _address(self.controller, "bridge", "controller")
        _address(self.outsider, "eth0", "outsider")
        return self

    def __exit__(self, *_):
        self._remove()

    def _remove(self):
        """Removes both namespaces and with them all that is in them."""
        for namespace in (self.controller, self.outsider):
            run("ip", "netns", "delete", namespace, check=False)

    def plug(self):
        """Takes the tap of a running machine into the controller's network; the machine keeps hold of it."""
        run("ip", "link", "set", self.tap, "netns", self.controller)
        _ip(self.controller, "link", "set", self.tap, "master", "bridge", "up")

    def inside(self, *words, **how):
        """Runs a program as the controller."""
        return run(*_within(self.controller), *words, **how)

    def outside(self, *words, **how):
        """Runs a program as the second host; what it says counts, also when it fails."""
        return run(*self.words_outside(), *words, **{"check": False, "timeout": 1800} | how)

    def words_inside(self):
        """The words that start a program as the controller."""
        return _within(self.controller)

    def words_outside(self):
        """The words that start a program as the second host."""
        return _within(self.outsider)


def _ip(namespace, *words):
    run("ip", "-n", namespace, *words)


def _address(namespace, link, who):
    _ip(namespace, "link", "set", link, "up")
    _ip(namespace, "address", "add", f"{V4[who]}/24", "dev", link)
    # Without duplicate address detection the address can be used at once.
    _ip(namespace, "address", "add", f"{V6[who]}/64", "dev", link, "nodad")


def _within(namespace):
    return ["ip", "netns", "exec", namespace]
