#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Write sbom.spdx.json: what a release is made of, as SPDX 2.3.

    scripts/sbom.py FOLDER DATE     FOLDER: the unpacked release; DATE: of its commit, ISO 8601
"""

import hashlib
import json
import os
import sys

import usage

LIBFDT = "libfdt of device-tree-compiler; setup takes its sources from the distribution"


def checksum(path, kind="sha256"):
    with open(path, "rb") as file:
        return hashlib.new(kind, file.read()).hexdigest()


def files(folder):
    """An entry for each file, in a fixed order."""
    for base, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(base, name)
            if os.path.islink(path) or name == "sbom.spdx.json":
                continue
            short = os.path.relpath(path, folder)
            yield {"SPDXID": "SPDXRef-" + hashlib.sha1(short.encode()).hexdigest(),
                   "fileName": "./" + short,
                   "checksums": [{"algorithm": kind.upper(), "checksumValue": checksum(path, kind)}
                                 for kind in ("sha1", "sha256")],
                   "licenseConcluded": "BSD-2-Clause", "copyrightText": "the Cleave authors"}


def package(identifier, name, version, comment):
    return {"SPDXID": identifier, "name": name, "versionInfo": version, "comment": comment,
            "downloadLocation": "NOASSERTION", "filesAnalyzed": False,
            "licenseConcluded": "BSD-2-Clause", "licenseDeclared": "BSD-2-Clause",
            "copyrightText": "NOASSERTION"}


def document(folder, date):
    with open(os.path.join(folder, "VERSION"), encoding="ascii") as file:
        version = file.read().strip()
    with open(os.path.join(folder, "REVISION"), encoding="ascii") as file:
        revision = file.read().strip()
    entries = list(files(folder))
    relations = [("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-cleave"),
                 ("SPDXRef-cleave", "STATIC_LINK", "SPDXRef-libfdt")]
    relations += [("SPDXRef-cleave", "CONTAINS", e["SPDXID"]) for e in entries]
    return {"spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT",
            "name": f"cleave-{version}",
            "documentNamespace": f"https://spdx.invalid/cleave-{version}-{revision}",
            "creationInfo": {"created": date, "creators": ["Tool: scripts/sbom.py"]},
            "packages": [package("SPDXRef-cleave", "cleave", f"{version} ({revision})",
                                 "the hypervisor, its tools and its guests"),
                         package("SPDXRef-libfdt", "libfdt", "NOASSERTION", LIBFDT)],
            "files": entries,
            "relationships": [{"spdxElementId": a, "relationshipType": kind,
                               "relatedSpdxElement": b} for a, kind, b in relations]}


def main():
    usage.show(__doc__, words=2)
    if len(sys.argv) != 3:
        print("usage: scripts/sbom.py FOLDER DATE", file=sys.stderr)
        return 2
    out = document(sys.argv[1], sys.argv[2])
    with open(os.path.join(sys.argv[1], "sbom.spdx.json"), "w", encoding="utf-8") as file:
        json.dump(out, file, indent=1)
        file.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
