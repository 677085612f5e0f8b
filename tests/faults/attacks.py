"""The known shapes of attack on Keras and NumPy files, by harmless stand-ins: nothing of them runs or is followed.

Each stand-in would, if anything executed it, make a marker directory and no more. It is put under every name that a
run has, sums written anew, and the run is given to every command.
"""

from __future__ import annotations

import functools
import io
import json
import os
import pickle
import shutil
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from lab.runs import checkpoints
from tests.faults.controls import resign
from tests.faults.damage import COMMANDS, command, files_of, judge, made
from tests.faults.tally import Tally, chosen

MODULE = "lab_faults_stranger"


class Marking:
    """Makes a directory when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = str(marker)

    def __reduce__(self) -> Any:
        return os.mkdir, (self.marker,)


def pickled(marker: Path) -> bytes:
    """A pickle as it is."""
    return pickle.dumps(Marking(marker))


def pickled_array(marker: Path) -> bytes:
    """An .npy of objects."""
    file = io.BytesIO()
    np.save(file, np.array([Marking(marker)], dtype=object), allow_pickle=True)
    return file.getvalue()


def pickled_archive(marker: Path) -> bytes:
    """An .npz of objects, under the names that a recording has."""
    file = io.BytesIO()
    names = ("card", "observations", "actions", "rewards", "lengths", "final_observations", "terminated", "truncated")
    np.savez(file, **{name: np.array([Marking(marker)], dtype=object) for name in names})
    return file.getvalue()


def keras_file(marker: Path, layer: dict[str, Any]) -> bytes:
    """A .keras file whose configuration names a layer."""
    config = {"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": [layer]},
              "registered_name": None}  # fmt: skip
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.0.0"}))
        archive.writestr(f"../../{marker.name}-traversal", "out")
        archive.writestr("model.weights.h5", b"\x89HDF\r\n\x1a\n")
    return file.getvalue()


def lambda_layer(marker: Path) -> bytes:
    """A .keras file with a Lambda layer, whose code would make the marker."""
    code = compile(f"__import__('os').mkdir({str(marker)!r})", "<stand-in>", "eval")
    import base64
    import marshal

    told = [base64.b64encode(marshal.dumps(code)).decode(), None, None]
    function = {"class_name": "__lambda__", "config": {"code": told[0], "defaults": None, "closure": None}}
    layer = {"module": "keras.layers", "class_name": "Lambda", "config": {"function": function}}
    return keras_file(marker, {**layer, "registered_name": None})


def custom_module(marker: Path) -> bytes:
    """A .keras file whose layer is of a module beside it."""
    return keras_file(marker, {"module": MODULE, "class_name": "Layer", "config": {}, "registered_name": "Layer"})


def external_link(marker: Path) -> bytes:
    """An HDF5 file with a link to another file."""
    import h5py

    file = io.BytesIO()
    with h5py.File(file, "w") as archive:
        archive["weights"] = h5py.ExternalLink("/etc/hostname", "/")
    return file.getvalue()


def lying_header(marker: Path) -> bytes:
    """A safetensors file that declares more than any memory holds."""
    header = json.dumps({"a": {"dtype": "F32", "shape": [2**40, 2**20], "data_offsets": [0, 2**62]}}).encode()
    return struct.pack("<Q", len(header)) + header + bytes(16)


def endless_header(marker: Path) -> bytes:
    """A safetensors file whose header is said to be longer than the file."""
    return struct.pack("<Q", 2**63) + b"{}"


def huge_array(marker: Path) -> bytes:
    """An .npy whose header declares more than any memory holds."""
    file = io.BytesIO()
    header = {"descr": "<f8", "fortran_order": False, "shape": (2**40, 2**15)}
    np.lib.format.write_array_header_1_0(file, header)
    return file.getvalue()


def deep_json(marker: Path) -> bytes:
    """JSON deeper than any stack."""
    return b'{"a":' * 100_000 + b"1" + b"}" * 100_000


SHAPES: tuple[Callable[[Path], bytes], ...] = (
    pickled, pickled_array, pickled_archive, lambda_layer, custom_module, external_link, lying_header, endless_header,
    huge_array, deep_json,
)  # fmt: skip
# What a configuration may name: modules that lie beside it, files elsewhere, and sizes.
NAMED: tuple[tuple[str, Any], ...] = (
    ("source", f"frames:{MODULE}:Env-v0"),
    ("source", f"{MODULE}:Env-v0"),
    ("source", f"{MODULE}/Env-v0"),
    ("source", "folder:/etc"),
    ("source", "folder:../../.."),
    ("source", "/etc/hostname.npz"),
    ("learner", f"{MODULE}:Learner"),
    ("learner", f"{MODULE}.Learner"),
    ("callbacks", [f"{MODULE}:Callback"]),
    ("num_envs", 2**40),
    ("threads", 2**31 - 1),
    ("threads", -5),
    ("log_every", 2**80),
    ("steps", 10**400),
    ("seed", -1),
    ("lane_used", MODULE),
    ("task", {"data": {"shape": [2**40], "name": MODULE}}),
    ("task", {"observation_space": {"kind": "Discrete", "n": 2**60, "start": 0}, "action_space": None}),
    ("task", {"observation_space": {"kind": MODULE}, "action_space": {"kind": "Discrete", "n": 4, "start": 0}}),
)


def stranger(folder: Path, marker: Path) -> None:
    """Put a module beside a run's files that makes the marker when it is imported, under every likely name."""
    code = f"import os\nos.makedirs({str(marker)!r}, exist_ok=True)\n"
    for name in (MODULE, "conftest", "sitecustomize", "usercustomize", "keras", "numpy", "agents", "lab"):
        (folder / f"{name}.py").write_text(code)


def check(name: str, which: str, home: Path) -> Tally:
    """Try every stand-in on one command."""
    tally = Tally()
    run, marker, copy, aside = made(name, home), home / "marker", home / "copy", home / "aside"
    shutil.copytree(run, copy)
    _code, expected, _told = command(which, copy, aside)
    before = set(os.listdir(home.parent))
    # As someone would who stands in the folder of a run they were sent.
    os.environ["PYTHONPATH"] = f".{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    import sys

    sys.path.insert(0, str(copy))

    def attempt(label: str, file: str, change: Callable[[], None]) -> None:
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(run, copy, symlinks=True)
        stranger(copy, marker)
        change()
        os.chdir(copy)
        judge(tally, which, name, file, label, lambda: command(which, copy, aside), expected, "attacks")
        os.chdir(home)
        found = [str(marker)] if marker.exists() else []
        found += [p for p in set(os.listdir(home.parent)) - before if "traversal" in p]
        if found or MODULE in sys.modules:
            tally.add("attack, what it runs", "executed", f"{which} of {name}: {label} as {file}",
                      f"python -m tests.faults attacks --exactly {name}")  # fmt: skip
            shutil.rmtree(marker, ignore_errors=True)
            sys.modules.pop(MODULE, None)
        else:
            tally.add("attack, what it runs", "refused")

    for shape in SHAPES:
        data = shape(marker)
        for file in files_of(run):

            def put(file: str = file, data: bytes = data) -> None:
                (copy / file).write_bytes(data)
                if (copy / file).parent.name.startswith(("step-", "best-")) and not file.endswith("manifest.json"):
                    resign((copy / file).parent)

            attempt(shape.__name__, file, put)
        attempt(f"{shape.__name__}, besides", "config.json", functools.partial(_besides, copy, data))
    for key, value in NAMED:
        attempt(f"{key} = {str(value)[:60]}", "config.json", functools.partial(_named, copy, key, value))
    kept: list[Any] = []
    for link in ("config.json", "metrics.jsonl", "evaluations.jsonl", "checkpoints", "videos", "samples"):
        outside = home / "outside"

        def link_out(link: str = link, outside: Path = outside) -> None:
            shutil.rmtree(outside, ignore_errors=True)
            outside.mkdir()
            (outside / "precious").write_text("theirs")
            if (copy / link).is_dir() or (copy / link).exists():
                shutil.move(copy / link, outside / "moved")
            else:
                (outside / "moved").mkdir()
            (copy / link).symlink_to(outside / "moved")
            kept[:] = _listing(outside)

        attempt("a link elsewhere", link, link_out)
        if outside.exists() and _listing(outside) != kept:
            what = f"{which} of {name}: followed the link {link} and changed what is there"
            tally.add("attack, what it runs", "executed", what, f"python -m tests.faults attacks --exactly {name}")
    return tally


def _besides(copy: Path, data: bytes) -> None:
    for name in ("model.keras", "weights.h5", "extra.npy", "checkpoints/model.keras", "state.pkl"):
        (copy / name).write_bytes(data)
    for path in checkpoints.listed(copy / "checkpoints", "step"):
        (path / "model.keras").write_bytes(data)


def _named(copy: Path, key: str, value: Any) -> None:
    config = json.loads((copy / "config.json").read_text())
    config[key] = {**config[key], **value} if key == "task" else value
    (copy / "config.json").write_text(json.dumps(config))


def _listing(folder: Path) -> list[Any]:
    return sorted((p.relative_to(folder).as_posix(), p.stat().st_size if p.is_file() else -1)
                  for p in folder.rglob("*"))  # fmt: skip


def tasks(options: Any, folder: Path) -> list[tuple[str, Callable[[Path], Tally]]]:
    """Return a task for each run and command."""
    names = chosen(options, ("q_learning", "autoencoder"))
    pairs = [(n, w) for n in names for w in COMMANDS if not (n == "autoencoder" and w == "record")]
    return [(f"{n} {w}", functools.partial(check, n, w)) for n, w in pairs]
