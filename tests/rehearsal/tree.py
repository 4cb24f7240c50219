"""Puts an evaluated machine into the tree of a Debian system, so that it boots there as it would on NixOS.

usage: tree.py MACHINE DERIVATIONS TREE PROGRAMS

MACHINE is what machine.nix says, DERIVATIONS the output of `nix derivation show` for all that it refers to, TREE the root
of a Debian system, PROGRAMS the folder in TREE with the desk's own programs.

Nothing is edited: units, scripts and files are those of the evaluation, at their own store paths. What a store path would
hold that only a build makes (a program) is a link to the same program of Debian, or to the desk's own.
"""

import json
import os
import re
import stat
import sys
from pathlib import Path

STORE_PATH = re.compile(r"/nix/store/[a-z0-9]{32}-[A-Za-z0-9+._?=-]+")
# Where Debian keeps the programs of a package that is not on its path.
APART = {"postgresql": "/usr/lib/postgresql/17/bin"}


def main():
    machine = json.loads(Path(sys.argv[1]).read_text())
    derivations = json.loads(Path(sys.argv[2]).read_text())
    tree, programs = Path(sys.argv[3]), Path("/") / sys.argv[4]
    everything = Everything(tree)
    outputs = outputs_of(derivations.get("derivations", derivations))

    used = set(STORE_PATH.findall(json.dumps(machine)))
    done = set()
    while used - done:
        path = min(used - done)
        done.add(path)
        text = content(outputs.get(path))
        if text is not None:
            place, body, executable = text
            write(tree, path + place, body, executable)
            used |= set(STORE_PATH.findall(body))
        elif path in outputs:
            stand_in(tree, path, outputs[path], everything, programs)

    for name, unit in machine["units"].items():
        write(tree, f"/etc/systemd/system/{name}", unit["text"])
        for kind, others in (("wants", unit["wantedBy"]), ("requires", unit["requiredBy"])):
            for other in others:
                link(tree, f"/etc/systemd/system/{other}.{kind}/{name}", f"../{name}")
    write(tree, "/etc/sysusers.d/rec.conf", sysusers(machine))
    write(tree, "/etc/tmpfiles.d/rec.conf", tmpfiles(machine["tmpfiles"]))
    link(tree, "/etc/rec/config.toml", machine["configuration"])
    for command in machine["commands"]:
        for program in (tree / command[1:] / "bin").iterdir():
            link(tree, f"/usr/sbin/{program.name}", f"{command}/bin/{program.name}")
    missing = [program for program in executables(machine["units"]) if not exists(tree, program)]
    if missing:
        sys.exit("rehearsal: nothing stands in for " + ", ".join(missing))
    print(f"{len(machine['units'])} units, {len(done)} store paths")


def outputs_of(derivations):
    """The derivations by the paths that they would make."""
    by_path = {}
    for derivation in derivations.values():
        for output in derivation["outputs"].values():
            path = output.get("path")
            if path:
                by_path["/nix/store/" + path.removeprefix("/nix/store/")] = derivation
    return by_path


def content(derivation):
    """Where below its path a derivation writes a text, the text, and whether it is a program; None when it builds."""
    if derivation is None:
        return None
    env = attributes(derivation)
    if "text" in env:
        executable = env.get("executable") in ("1", True) or "/bin/" in env.get("destination", "")
        return env.get("destination") or "", env["text"], executable
    if env.get("name") == "rec.toml":
        return "", toml(json.loads(env["value"]) if isinstance(env["value"], str) else env["value"]), False
    return None


def attributes(derivation):
    env = dict(derivation.get("env", {}))
    env.update(derivation.get("structuredAttrs") or {})
    if "__json" in env:
        env.update(json.loads(env["__json"]))
    return env


class Everything:
    """A folder with every program of Debian's path, as a package's `bin` that lacks nothing."""

    PLACE = "/usr/lib/debian-programs"

    def __init__(self, tree):
        for folder in ("usr/sbin", "usr/bin"):
            for program in (tree / folder).iterdir():
                link(tree, f"{self.PLACE}/{program.name}", f"/{folder}/{program.name}")


def stand_in(tree, path, derivation, everything, programs):
    name = path.split("-", 1)[1]
    own = name.startswith("rec-")
    apart = next((folder for begin, folder in APART.items() if name.startswith(begin)), None)
    link(tree, f"{path}/bin", str(programs) if own else apart or everything.PLACE)
    for folder in ("lib", "share"):
        link(tree, f"{path}/{folder}", f"/usr/{folder}")


def executables(units):
    for unit in units.values():
        for line in unit["text"].splitlines():
            if line.startswith("Exec"):
                program = line.split("=", 1)[1].lstrip("@-:+!").split(" ")[0].strip('"')
                if program.startswith("/"):
                    yield program


def sysusers(machine):
    lines = [f"g {group} -" for group in machine["groups"]]
    for name, user in machine["users"].items():
        lines.append(f'u {name} -:{user["group"]} "{user["description"]}" {user["home"]}')
    return "\n".join(lines) + "\n"


def tmpfiles(settings):
    lines = []
    for entries in settings.values():
        for path, kinds in entries.items():
            for kind, entry in kinds.items():
                words = [entry.get(key) or "-" for key in ("mode", "user", "group", "age", "argument")]
                lines.append(" ".join([entry.get("type") or kind, path, *words]))
    return "\n".join(lines) + "\n"


def toml(settings, inside=()):
    """Settings as TOML: strings, numbers, switches, lists of them, and tables are all that there is."""
    values = {key: value for key, value in settings.items() if not isinstance(value, dict)}
    text = "".join(f"{json.dumps(key)} = {json.dumps(value)}\n" for key, value in values.items())
    for key, value in settings.items():
        if isinstance(value, dict):
            place = (*inside, key)
            text += f"[{'.'.join(json.dumps(part) for part in place)}]\n" + toml(value, place)
    return text


def write(tree, path, text, executable=False):
    file = tree / path.lstrip("/")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    if executable:
        file.chmod(file.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)


def link(tree, path, target):
    file = tree / path.lstrip("/")
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.is_symlink():
        os.symlink(target, file)


def exists(tree, path, depth=0):
    """Whether a path leads to a file when the tree is the root."""
    walked = tree
    for part in Path(path).parts[1:]:
        walked = walked / part
        if walked.is_symlink() and depth < 20:
            target = Path(os.readlink(walked))
            rest = Path(path).parts[1:][len(walked.relative_to(tree).parts):]
            base = target if target.is_absolute() else Path("/") / walked.relative_to(tree).parent / target
            return exists(tree, os.path.normpath(base.joinpath(*rest)), depth + 1)
    return walked.exists()


if __name__ == "__main__":
    main()
