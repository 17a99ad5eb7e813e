"""A small network of its own: the controller, a second host outside, and the tap of the machine.

Everything lives in two network namespaces, so that this machine's own network, firewall and Docker are left alone.
"""

from shell import run

CONTROLLER, OUTSIDER = "pryv-audit-ctl", "pryv-audit-out"
V4 = {"controller": "10.77.0.1", "outsider": "10.77.0.3", "machine": "10.77.0.11"}
V6 = {"controller": "fd77::1", "outsider": "fd77::3", "machine": "fd77::11"}


def _ip(namespace, *words):
    run("ip", "-n", namespace, *words)


def up():
    """Makes both namespaces and the bridge between them."""
    down()
    for namespace in (CONTROLLER, OUTSIDER):
        run("ip", "netns", "add", namespace)
        _ip(namespace, "link", "set", "lo", "up")
    _ip(CONTROLLER, "link", "add", "bridge", "type", "bridge")
    _ip(CONTROLLER, "link", "add", "wire", "type", "veth", "peer", "name", "eth0", "netns", OUTSIDER)
    _ip(CONTROLLER, "link", "set", "wire", "master", "bridge", "up")
    _address(CONTROLLER, "bridge", "controller")
    _address(OUTSIDER, "eth0", "outsider")


def _address(namespace, link, who):
    _ip(namespace, "link", "set", link, "up")
    _ip(namespace, "address", "add", f"{V4[who]}/24", "dev", link)
    # Without duplicate address detection the address can be used at once.
    _ip(namespace, "address", "add", f"{V6[who]}/64", "dev", link, "nodad")


def plug(tap):
    """Takes the tap of a running machine into the controller's network; the machine keeps hold of it."""
    run("ip", "link", "set", tap, "netns", CONTROLLER)
    _ip(CONTROLLER, "link", "set", tap, "master", "bridge", "up")


def down():
    """Removes both namespaces and with them all that is in them."""
    for namespace in (CONTROLLER, OUTSIDER):
        run("ip", "netns", "delete", namespace, check=False)


def within(namespace):
    """The words that start a program in a namespace."""
    return ["ip", "netns", "exec", namespace]
