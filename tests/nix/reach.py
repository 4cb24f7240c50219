"""Who reaches what of a server, shown by packets: its evaluated ruleset works in a network namespace, and every port is
asked for from another one.

usage: reach.py CASES

CASES is what reach.nix says. As root, with `ip` and `nft`. Nothing of this machine's own network is touched: both
namespaces, and the cable between them, are gone at the end.

Everything that a server could have listens on all addresses, so that the ruleset alone decides. Without it every port
answers, which is tried first; a test that could not see an open port would end there.
"""

import ctypes
import errno
import ipaddress
import json
import os
import re
import resource
import select
import socket
import subprocess
import sys
import time
from pathlib import Path

EVERY = range(1, 65536)
# What listens besides the desk: SSH, page, Postgres, the simulated exchange, and what servers often have.
OTHERS = {22, 25, 53, 80, 111, 443, 631, 2019, 3306, 5000, 5432, 6379, 8080, 8090, 8091, 8222, 9090, 9100, 49152, 65535}
# The server, and the way out of it.
SERVER = {4: "203.0.113.5/24", 6: "2001:db8:1::5/64"}
ROUTER = {4: "203.0.113.1/24", 6: "2001:db8:1::1/64"}
# Somebody else, anywhere.
STRANGER = {4: "192.0.2.99", 6: "2001:db8:99::99"}
NOBODY = 65534
# Neither answer nor refusal for so long, in seconds: it was thrown away.
SILENCE = 0.5
# So many are asked for at once.
BATCH = 8192
# Of Linux: take a port at connect(), a buffer beyond the limit, another network namespace.
IP_BIND_ADDRESS_NO_PORT = 24
SO_RCVBUFFORCE = 33
CLONE_NEWNET = 0x40000000


class Unexpected(Exception):
    pass


def main():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    cases = json.loads(Path(sys.argv[1]).read_text())
    server, outside = f"rec-server-{os.getpid()}", f"rec-outside-{os.getpid()}"
    try:
        lay(server, outside)
        for number, case in enumerate(cases):
            examine(case, server, outside, first=number == 0)
    except Unexpected as unexpected:
        sys.exit(f"FAILED {unexpected}")
    finally:
        for namespace in (server, outside):
            subprocess.run(["ip", "netns", "delete", namespace], stderr=subprocess.DEVNULL)


def lay(server, outside):
    """The two namespaces and the cable between them."""
    for namespace in (server, outside):
        run("ip", "netns", "add", namespace)
        run("ip", "-n", namespace, "link", "set", "lo", "up")
    run("ip", "link", "add", "ens3", "netns", server, "type", "veth", "peer", "name", "wan", "netns", outside)
    for family in (4, 6):
        nodad = ["nodad"] if family == 6 else []
        run("ip", "-n", server, "addr", "add", SERVER[family], "dev", "ens3", *nodad)
        run("ip", "-n", outside, "addr", "add", ROUTER[family], "dev", "wan", *nodad)
    run("ip", "-n", server, "link", "set", "ens3", "up")
    run("ip", "-n", outside, "link", "set", "wan", "up")
    for family in (4, 6):
        run("ip", f"-{family}", "-n", server, "route", "add", "default", "via", ROUTER[family].split("/")[0])


def examine(case, server, outside, first):
    desk, listening = set(case["desk"]), OTHERS | set(case["desk"])
    places = sources(case["operators"])
    for address in places:
        whole, nodad = ("128", ["nodad"]) if family_of(address) == 6 else ("32", [])
        run("ip", "-n", outside, "addr", "replace", f"{address}/{whole}", "dev", "wan", *nodad)
    witness = Witness(server, listening)
    try:
        if first:
            for source, seen in probe(outside, STRANGER.values(), witness).items():
                expect("without a ruleset", source, seen, listening, set(EVERY) - listening, set(EVERY))
            callers = inside(server, listening, [0, NOBODY])
            wanted(callers[NOBODY] == listening, f"without a ruleset nobody reaches {ports(callers[NOBODY])} on loopback")
        users = load(server, case["ruleset"])
        for source, seen in probe(outside, places, witness).items():
            ssh = {case["ssh"]} if places[source] else set()
            expect(case["title"], source, seen, set(case["open"]) | ssh, set(), set())
        callers = [users.get(name, NOBODY) for name in case["callers"]]
        reached = inside(server, listening, [*callers, NOBODY])
        for caller, name in zip(callers, case["callers"]):
            wanted(reached[caller] == listening, f"{case['title']}: {name} reaches only {ports(reached[caller])} on loopback")
        wanted(reached[NOBODY] == listening - desk, f"{case['title']}: nobody reaches {ports(reached[NOBODY])} on loopback")
    finally:
        witness.end()
        run("ip", "netns", "exec", server, "nft", "flush", "ruleset")
    allowed = [address for address, allowed in places.items() if allowed]
    others = [address for address, allowed in places.items() if not allowed]
    print(f"   {case['title']}: {ports({case['ssh'], *case['open']})} for {', '.join(allowed)}; {ports(case['open'])} for {', '.join(others)}")


def sources(operators):
    """From where it is tried, and whether SSH answers there: of each operator the last address, and the one behind it."""
    places = {STRANGER[4]: False, STRANGER[6]: False}
    for operator in operators:
        network = ipaddress.ip_network(operator)
        places[str(network.broadcast_address)] = True
        places[str(network.broadcast_address + 1)] = False
    return places


def load(namespace, ruleset):
    """Lets a ruleset work. Its users are not known here, so that each gets a number, which is given back."""
    users = {"root": 0, "nobody": NOBODY}

    def numbers(match):
        for name in match[1].split(","):
            users.setdefault(name.strip(), 60000 + len(users))
        return f"skuid != {{ {', '.join(str(users[name.strip()]) for name in match[1].split(','))} }}"

    text = re.sub(r"skuid != \{([^}]*)\}", numbers, ruleset)
    run("ip", "netns", "exec", namespace, "nft", "--file", "-", input=text)
    return users


def probe(namespace, sources, witness):
    """What answers each source: TCP ports that connect, those that refuse, UDP ports that it gets through to, and ping."""

    def attempt(source):
        family = family_of(source)
        target = SERVER[family].split("/")[0]
        answers = *knock(family, source, target), ping(family, source, target)
        scatter(family, source, target)
        return answers

    running = {source: begin(namespace, lambda: attempt(source)) for source in sources}
    answers = {source: finish(*one) for source, one in running.items()}
    heard = witness.ask()
    return {
        source: (set(connected), set(refused), heard.get(source, set()), pinged)
        for source, (connected, refused, pinged) in answers.items()
    }


def expect(title, source, seen, connected, refused, heard):
    of_connected, of_refused, of_heard, pinged = seen
    wanted(of_connected == connected, f"{title}: {source} connects to {ports(of_connected)} and not to {ports(connected)}")
    wanted(of_refused == refused, f"{title}: {source} gets through to {ports(of_refused)}, where nothing listens")
    wanted(of_heard == heard, f"{title}: {source} gets through to {ports(of_heard)} of UDP and not to {ports(heard)}")
    wanted(pinged, f"{title}: {source} gets no answer to a ping")


def wanted(condition, otherwise):
    if not condition:
        raise Unexpected(otherwise)


def knock(family, source, target):
    """Asks for every TCP port."""
    connected, refused = [], []
    for begin in range(0, len(EVERY), BATCH):
        poll, pending = select.poll(), {}
        for port in EVERY[begin : begin + BATCH]:
            one = stream(family, source)
            if one.connect_ex((target, port)) not in (0, errno.EINPROGRESS):
                raise OSError(f"connecting to {port}")
            poll.register(one, select.POLLOUT)
            pending[one.fileno()] = one, port
        while pending and (answers := poll.poll(SILENCE * 1000)):
            for number, _ in answers:
                one, port = pending.pop(number)
                poll.unregister(one)
                error = one.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if error == 0:
                    connected.append(port)
                elif error == errno.ECONNREFUSED:
                    refused.append(port)
                one.close()
        for one, _ in pending.values():
            one.close()
    return connected, refused


def stream(family, source):
    one = socket.socket(kind_of(family), socket.SOCK_STREAM)
    one.setblocking(False)
    # Nothing of it stays when it is closed.
    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    one.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
    one.bind((source, 0))
    return one


def scatter(family, source, target):
    """Sends to every UDP port."""
    with socket.socket(kind_of(family), socket.SOCK_DGRAM) as one:
        one.bind((source, 0))
        for port in EVERY:
            one.sendto(b"?", (target, port))
            if port % 256 == 0:
                # A queue of the kernel holds a thousand.
                time.sleep(0.002)


def ping(family, source, target):
    protocol, asked, answered = (socket.IPPROTO_ICMP, 8, 0) if family == 4 else (socket.IPPROTO_ICMPV6, 128, 129)
    with socket.socket(kind_of(family), socket.SOCK_RAW, protocol) as one:
        one.bind((source, 0))
        one.settimeout(SILENCE)
        # The sum of an empty question is the complement of its first word; that of ICMPv6 is made by the kernel.
        one.sendto(bytes([asked, 0, 255 - asked, 255, 0, 0, 0, 0]), (target, 0))
        try:
            while True:
                message = one.recv(1500)
                if message[20 if family == 4 else 0] == answered:
                    return True
        except TimeoutError:
            return False


def inside(namespace, listening, callers):
    """The ports that each user reaches on loopback, by both families."""

    def of(caller):
        os.setresuid(caller, caller, caller)
        both = []
        for family, address in ((4, "127.0.0.1"), (6, "::1")):
            reached = set()
            for port in listening:
                with socket.socket(kind_of(family), socket.SOCK_STREAM) as one:
                    one.settimeout(SILENCE)
                    if one.connect_ex((address, port)) == 0:
                        reached.add(port)
            both.append(reached)
        wanted(both[0] == both[1], f"on loopback {ports(both[0])} by IPv4 and {ports(both[1])} by IPv6")
        return list(both[0])

    return {caller: set(finish(*begin(namespace, lambda: of(caller)))) for caller in callers}


class Witness:
    """Listens in the server's namespace, and says which UDP datagrams got past its ruleset."""

    def __init__(self, namespace, listening):
        question, self.question = os.pipe()
        self.answer, answer = os.pipe()

        def listen():
            os.close(self.question)
            enter(namespace)
            watch(listening, question, answer)

        self.process = child(listen)
        os.close(question)
        os.close(answer)
        self.answers = os.fdopen(self.answer)
        self.answers.readline()

    def ask(self):
        os.write(self.question, b"?")
        return {source: set(found) for source, found in json.loads(self.answers.readline()).items()}

    def end(self):
        os.close(self.question)
        os.waitpid(self.process, 0)
        self.answers.close()


def watch(listening, question, answer):
    streams = []
    for port in listening:
        one = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=1024)
        streams.append(one)
    # A raw socket gets what passed the ruleset, whether or not anything listens.
    raw = []
    for kind in (socket.AF_INET, socket.AF_INET6):
        one = socket.socket(kind, socket.SOCK_RAW, socket.IPPROTO_UDP)
        one.setblocking(False)
        one.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 28)
        raw.append(one)
    os.write(answer, b"ready\n")
    heard = {}
    while True:
        readable, _, _ = select.select([*raw, question], [], [])
        for one in raw:
            while True:
                try:
                    message, (source, *_) = one.recvfrom(1500)
                except BlockingIOError:
                    break
                begin = 20 if one.family == socket.AF_INET else 0
                heard.setdefault(source, set()).add(int.from_bytes(message[begin + 2 : begin + 4], "big"))
        if question in readable:
            if not os.read(question, 1):
                return
            os.write(answer, json.dumps({source: list(found) for source, found in heard.items()}).encode() + b"\n")
            heard = {}


def begin(namespace, work):
    """Begins `work` in a process of its own in a namespace; `finish` gives what it gave."""
    reader, writer = os.pipe()

    def say():
        os.close(reader)
        enter(namespace)
        with os.fdopen(writer, "w") as out:
            json.dump(work(), out)

    process = child(say)
    os.close(writer)
    return process, reader


def finish(process, reader):
    with os.fdopen(reader) as said:
        text = said.read()
    _, status = os.waitpid(process, 0)
    wanted(status == 0, f"a process that asks ended with {status}")
    return json.loads(text)


def child(work):
    """Begins `work` in a process of its own, which ends with it and leaves what is to be tidied up to its parent."""
    process = os.fork()
    if process:
        return process
    status = 1
    try:
        work()
        status = 0
    except Exception as error:
        print(f"FAILED {error}", file=sys.stderr)
    finally:
        os._exit(status)


def enter(namespace):
    libc = ctypes.CDLL(None, use_errno=True)
    with open(f"/run/netns/{namespace}") as file:
        if libc.setns(file.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")


def family_of(address):
    return ipaddress.ip_address(address).version


def kind_of(family):
    return socket.AF_INET if family == 4 else socket.AF_INET6


def ports(some):
    """Ports for people: at most a few of them."""
    some = sorted(some)
    if not some:
        return "none"
    if len(some) == len(EVERY):
        return "every port"
    return ", ".join(map(str, some[:8])) + (f" and {len(some) - 8} more" if len(some) > 8 else "")


def run(*command, **how):
    done = subprocess.run(command, capture_output=True, text=True, **how)
    wanted(done.returncode == 0, f"{' '.join(command)}: {done.stderr.strip()}")


if __name__ == "__main__":
    main()
