"""Lists tar archives as Python's tarfile reads them: for each argument a line of JSON with the entries and whether reading failed."""

import base64
import hashlib
import json
import math
import sys
import tarfile
from decimal import Decimal

HASH_LIMIT = 1 << 26


def encode(text):
    return base64.b64encode(text.encode("utf-8", "surrogateescape")).decode()


def mtime(member):
    """Seconds and nanoseconds; a float would lose digits, so the record itself is read where there is one."""
    value = Decimal(member.pax_headers.get("mtime", str(member.mtime)))
    seconds = math.floor(value)
    return f"{seconds}.{int((value - seconds) * 1_000_000_000)}"


def content(archive, member):
    # Types that are unknown are skipped by their content, which is no content of a file.
    if not member.isfile() or member.size > HASH_LIMIT:
        return None
    digest = hashlib.sha256()
    with archive.extractfile(member) as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def describe(archive, member):
    prefix = "SCHILY.xattr."
    xattrs = {key[len(prefix):]: value for key, value in member.pax_headers.items() if key.startswith(prefix)}
    return {
        "name": encode(member.name),
        "type": str(member.type[0]),
        "link": encode(member.linkname),
        "size": member.size,
        "mode": member.mode & 0o7777,
        "uid": member.uid,
        "gid": member.gid,
        "userName": encode(member.uname),
        "groupName": encode(member.gname),
        "mtime": mtime(member),
        "major": member.devmajor,
        "minor": member.devminor,
        "xattrs": {encode(key): encode(value) for key, value in xattrs.items()},
        "sha256": content(archive, member) or "",
    }


def listing(path):
    entries = []
    try:
        with tarfile.open(path, "r:", errors="surrogateescape", encoding="utf-8") as archive:
            for member in archive:
                entries.append(describe(archive, member))
    except Exception:  # whatever it stumbles over
        return {"entries": entries, "failed": True}
    return {"entries": entries, "failed": False}


for path in sys.argv[1:]:
    print(json.dumps(listing(path)))
