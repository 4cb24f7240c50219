"""Adds shown derivations to those that are known, and prints those that their texts lead to.

usage: derivations.py SHOWN KNOWN
"""

import json
import sys
from pathlib import Path

shown, known_file = json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2])
shown = shown.get("derivations", shown)
known = json.loads(known_file.read_text() or "{}")
known.update(shown)
known_file.write_text(json.dumps(known))

wanted = set()
for derivation in shown.values():
    env = {**derivation.get("env", {}), **(derivation.get("structuredAttrs") or {})}
    if "text" in env:
        inputs = derivation.get("inputDrvs") or derivation["inputs"]["drvs"]
        wanted |= {path if path.startswith("/") else "/nix/store/" + path for path in inputs}
names = {name.rsplit("/", 1)[-1] for name in known}
print("\n".join(sorted(path for path in wanted if path.rsplit("/", 1)[-1] not in names)))
