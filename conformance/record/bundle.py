"""One archive of everything an auditor keeps of a run, with a manifest and perhaps a signature.

The archive is a ZIP of stored members with fixed dates, so that its bytes follow from its contents:
whatever is altered, also beside the contents, is noticed. `manifest.json` has the SHA-256 of every
member; `manifest.jws` is a detached signature over it (RFC 7515, Appendix F).
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenspec import __version__
from tokenspec.conformance.errors import Problem, UnusableFile
from tokenspec.conformance.record.redacted_target import without_secrets
from tokenspec.conformance.record.reporting import sources_of
from tokenspec.conformance.record.signing import Signature, check_signature, sign
from tokenspec.reports.formats import FORMATS
from tokenspec.reports.record import Record

FORMAT = 1
MANIFEST, SIGNATURE = "manifest.json", "manifest.jws"
DATE = (1980, 1, 1, 0, 0, 0)  # the first that a ZIP can hold
BLOCK = 64 * 1024  # bytes
LARGEST = 512 * 1024 * 1024  # bytes of an archive that is looked at
DAMAGED = (zipfile.BadZipFile, OSError, EOFError, ValueError, NotImplementedError, RuntimeError)


@dataclass(frozen=True, slots=True)
class Verified:
    """What a look at a bundle found. `changes` empty: it is whole."""

    changes: tuple[str, ...]
    manifest: Mapping[str, Any]
    signature: Signature | None = None


def bundle(
    record: Record, paths: Sequence[Path], extra: Mapping[str, Path], key: Path | None = None
) -> bytes:
    """The archive of a record.

    Args:
        record: what the reports are made of.
        paths: its files.
        extra: further files by the name they get, such as waivers.
        key: a PEM private key to sign the manifest with.

    Raises:
        UnusableFile: the key or a file cannot be read.
    """
    members = {f"records/{path.name}": path.read_bytes() for path in paths}
    if len(members) < len(paths):
        members = {f"records/{n}-{p.name}": p.read_bytes() for n, p in enumerate(paths, start=1)}
    sources = sources_of(paths)
    for form in FORMATS.values():
        text = "".join(form.render(record, sources))
        members[form.file] = text.encode("utf-8", "replace")
    target = Path(record.header.get("target", {}).get("file") or "")
    if target.is_file():
        members["target.yaml"] = without_secrets(target.read_text(encoding="utf-8")).encode()
    members |= {name: _read(path) for name, path in extra.items()}
    members[MANIFEST] = _manifest(record, members)
    if key is not None:
        members[SIGNATURE] = sign(members[MANIFEST], key).encode() + b"\n"
    return _archive(members)


def verify(path: Path, public_key: Path | None = None) -> Verified:
    """Whether a bundle is as it was made, and who signed it.

    Args:
        path: the archive.
        public_key: the PEM key that must have signed it.

    Raises:
        UnusableFile: it is not a bundle at all, or the key cannot be read.
    """
    content = _read(path)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members, damaged = _members(archive)
    except DAMAGED as error:
        raise UnusableFile(
            [Problem(str(path), 1, 1, f"the archive is damaged: {error}")]
        ) from error
    if MANIFEST not in members and MANIFEST not in damaged:
        raise UnusableFile([Problem(str(path), 1, 1, f"no bundle: it has no {MANIFEST}")])
    changes = [f"{name}: changed, its checksum in the archive does not fit" for name in damaged]
    manifest = _parsed(members.get(MANIFEST, b""))
    if not manifest and MANIFEST in members:
        changes.append(f"{MANIFEST}: changed, it is no longer a manifest")
    changes += _against_manifest(manifest, members, damaged)
    signature = None
    if SIGNATURE in members and MANIFEST in members:
        signature = check_signature(members[SIGNATURE], members[MANIFEST], public_key)
        if signature.problem:
            changes.append(f"{SIGNATURE}: {signature.problem}")
    elif public_key is not None:
        changes.append(f"{SIGNATURE}: there is no signature")
    if not changes:
        changes += _beside_contents(content, members)
    return Verified(tuple(changes), manifest, signature)


def _manifest(record: Record, members: Mapping[str, bytes]) -> bytes:
    target = record.header.get("target", {})
    manifest = {
        "format": FORMAT,
        "made_by": f"tokenspec {__version__}",
        "product": record.product,
        "issuer": target.get("issuer", ""),
        "profile": record.profile,
        "suite": record.header.get("suite", {}).get("digest", ""),
        "started": record.header.get("started", ""),
        "complete": record.complete,
        "files": {
            name: {"sha256": hashlib.sha256(members[name]).hexdigest(), "size": len(members[name])}
            for name in sorted(members)
        },
    }
    return json.dumps(manifest, ensure_ascii=False, indent=1).encode() + b"\n"


def _archive(members: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(members):
            info = zipfile.ZipInfo(name, DATE)
            info.create_system, info.external_attr = 3, 0o644 << 16
            archive.writestr(info, members[name])
    return packed.getvalue()


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST:
            raise UnusableFile([Problem(str(path), 1, 1, f"larger than {LARGEST} bytes")])
        return path.read_bytes()
    except OSError as error:
        raise UnusableFile([Problem(str(path), 1, 1, f"cannot be read: {error}")]) from error


def _members(archive: zipfile.ZipFile) -> tuple[dict[str, bytes], list[str]]:
    """The contents by name, and the names of those that cannot be read. Nothing is unpacked."""
    members: dict[str, bytes] = {}
    damaged = []
    for info in archive.infolist():
        stored = info.compress_type == zipfile.ZIP_STORED  # what is compressed could be a bomb
        try:
            if not stored or info.filename in members:
                raise ValueError(info.filename)
            members[info.filename] = archive.read(info)
        except DAMAGED:
            damaged.append(info.filename)
    return members, damaged


def _parsed(manifest: bytes) -> dict[str, Any]:
    try:
        found = json.loads(manifest)
    except ValueError:
        return {}
    usable = isinstance(found, dict) and isinstance(found.get("files"), dict)
    return found if usable else {}


def _against_manifest(
    manifest: Mapping[str, Any], members: Mapping[str, bytes], damaged: Sequence[str]
) -> Iterator[str]:
    listed = manifest.get("files", {})
    for name, entry in listed.items():
        if name in damaged:
            continue
        if name not in members:
            yield f"{name}: missing"
        elif hashlib.sha256(members[name]).hexdigest() != dict(entry).get("sha256"):
            yield f"{name}: changed, its SHA-256 is not that of the manifest"
    for name in members:
        if manifest and name not in (*listed, MANIFEST, SIGNATURE):
            yield f"{name}: added, the manifest does not list it"


def _beside_contents(content: bytes, members: Mapping[str, bytes]) -> Iterator[str]:
    """Bytes of the archive that hold no contents: names, dates, what may stand in between."""
    made = _archive(members)
    if made == content:
        return
    at = _first_difference(made, content)
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        before = [i.filename for i in archive.infolist() if i.header_offset <= at]
        inside = at < archive.start_dir
    place = before[-1] if inside and before else "the archive's directory"
    yield f"{place}: changed beside its contents, at byte {at} of the archive"


def _first_difference(one: bytes, other: bytes) -> int:
    """Where two that are not the same part ways; by whole blocks first, as they are large."""
    start = 0
    while one[start : start + BLOCK] == other[start : start + BLOCK]:
        start += BLOCK
    pairs = zip(one[start : start + BLOCK], other[start : start + BLOCK], strict=False)
    shorter = min(len(one), len(other))
    return next((n for n, (a, b) in enumerate(pairs, start) if a != b), shorter)
