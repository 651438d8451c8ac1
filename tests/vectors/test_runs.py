"""Big runs: shards, processes, a cluster, kills; the bytes are always the same."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

import lowfloat as lf
from lowfloat import vectors
from lowfloat.cli.main import main
from lowfloat.vectors import journal, running
from lowfloat.vectors.running import Job

UNIT = vectors.Unit.uniform("add", "float8_e5m2")


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of a thousand cases, so that small files have many."""
    monkeypatch.setattr(running, "PART", 1000)
    monkeypatch.setattr(journal, "PART", 1000)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


# -- shards -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "grammar", ["testfloat", "readmemh", "packed", "csv", "jsonl", "fptest", "flopoco"]
)
@pytest.mark.parametrize("shards", [1, 2, 3, 7])
def test_shards_are_the_whole(grammar: str, shards: int, tmp_path: Path) -> None:
    cases = vectors.Cases(UNIT, 2500, seed=4)
    whole = vectors.write(tmp_path / "whole", cases, grammar=grammar)
    parts = b""
    for index in range(1, shards + 1):
        vectors.write(tmp_path / "part", cases, grammar=grammar, shard=(index, shards))
        parts += (tmp_path / "part").read_bytes()
    assert parts == (tmp_path / "whole").read_bytes()
    assert hashlib.sha256(parts).hexdigest() == whole.sha256


def test_a_shard_says_which_it_is(tmp_path: Path) -> None:
    command = ["vectors", "add", "-f", "e5m2", "--exhaustive", "--shard", "2/3"]
    assert main([*command, "--out", str(tmp_path / "x.tv")]) == 0
    manifest = vectors.read_manifest(tmp_path / "x.tv.json")
    assert (manifest["shard"], manifest["first_case"], manifest["count"]) == ("2/3", 21845, 21845)
    assert main(["check", str(tmp_path / "x.tv")]) == 0
    again = vectors.cases_of(manifest, "manifest")
    assert again == vectors.Cases.all_of(UNIT)


# -- processes and a cluster ---------------------------------------------------------------------


def test_processes_make_the_same_bytes(tmp_path: Path) -> None:
    # Two processes need two parts of the ordinary size.
    cases = vectors.Cases(UNIT, running.PART + 5000, seed=9)
    seen: list[tuple[int, int]] = []
    one = vectors.write(tmp_path / "one.bin", cases)
    two = vectors.write(
        tmp_path / "two.bin", cases, jobs=2, progress=lambda done, total: seen.append((done, total))
    )
    assert one == two
    assert digest(tmp_path / "one.bin") == digest(tmp_path / "two.bin") == one.sha256
    assert seen == [(running.PART, cases.count), (cases.count, cases.count)]


@pytest.mark.parametrize(
    ("processes", "suffix"),
    [
        (False, "bin"),
        (True, "csv.gz"),
        pytest.param(True, "tv", marks=pytest.mark.exhaustive),
        pytest.param(True, "fptest", marks=pytest.mark.exhaustive),
    ],
)
def test_a_cluster_makes_the_same_bytes(processes: bool, suffix: str, tmp_path: Path) -> None:
    """Two workers, as threads here or as processes to which everything is sent."""
    distributed = pytest.importorskip(
        "distributed", reason="Dask is not installed: lowfloat[cluster]"
    )
    count = 3000 if suffix == "fptest" else 2 * running.PART + 5000
    cases = vectors.Cases(UNIT, count, seed=9)
    one = vectors.write(tmp_path / f"one.{suffix}", cases)
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=processes, dashboard_address=":0"
    ) as cluster:
        address = cluster.scheduler_address
        two = vectors.write(tmp_path / f"two.{suffix}", cases, scheduler=address)
        if processes:
            with distributed.Client(address) as client:
                pids = {worker["pid"] for worker in client.run(_process).values()}
                assert len(pids) == 2
                assert os.getpid() not in pids
    assert one == two
    names = tmp_path / f"one.{suffix}", tmp_path / f"two.{suffix}"
    assert names[0].read_bytes() == names[1].read_bytes()


def _process() -> dict[str, int]:
    return {"pid": os.getpid()}


@pytest.mark.exhaustive
@pytest.mark.parametrize("kill", [False, True])
def test_the_command_uses_workers_of_their_own(kill: bool, tmp_path: Path) -> None:
    """A scheduler and two workers that the shell starts, one of which may die on the way."""
    pytest.importorskip("distributed", reason="Dask is not installed: lowfloat[cluster]")
    bin = Path(sys.executable).parent
    file = tmp_path / "scheduler.json"
    started = [
        subprocess.Popen(
            [bin / "dask", *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=tmp_path
        )
        for command in (
            ["scheduler", "--port", "0", "--no-dashboard", "--scheduler-file", str(file)],
            *[["worker", "--no-dashboard", "--no-nanny", "--nthreads", "1", "--scheduler-file", str(file)]] * 2,
        )
    ]  # fmt: skip
    try:
        for _ in range(600):
            if file.exists() and file.stat().st_size:
                break
            time.sleep(0.05)
        address = json.loads(file.read_text())["address"]
        command = [
            "vectors",
            "add",
            "-f",
            "e5m2",
            "-n",
            str(3 * running.PART),
            "--scheduler",
            address,
        ]
        timer = threading.Timer(1.0, started[2].kill)
        if kill:
            timer.start()
        assert main([*command, "--out", str(tmp_path / "x.bin")]) == 0
    finally:
        timer.cancel()
        for process in started:
            process.kill()
            process.wait()
    assert main([*command[:-2], "--out", str(tmp_path / "y.bin")]) == 0
    assert (tmp_path / "x.bin").read_bytes() == (tmp_path / "y.bin").read_bytes()


# -- interrupted runs -----------------------------------------------------------------------------


class Stopped(Exception):
    """In place of a kill."""


@pytest.mark.parametrize("suffix", ["tv", "tv.gz", "csv", "fptest"])
@pytest.mark.parametrize("after", [1, 4, 9])
def test_a_stopped_run_goes_on(suffix: str, after: int, tmp_path: Path, small_parts: None) -> None:
    cases = vectors.Cases(UNIT, 9500, seed=6)
    whole = vectors.write(tmp_path / f"whole.{suffix}", cases)
    target = tmp_path / f"x.{suffix}"

    def stop(done: int, total: int) -> None:
        if done >= after * 1000:
            raise Stopped

    with pytest.raises(Stopped):
        vectors.write(target, cases, progress=stop)
    assert not target.exists()
    again = vectors.write(target, cases)
    assert again == vectors.Written(9500, whole.sha256, resumed=after * 1000)
    assert target.read_bytes() == (tmp_path / f"whole.{suffix}").read_bytes()
    assert {p.name for p in tmp_path.iterdir()} == {
        f"{n}.{suffix}{m}" for n in ("x", "whole") for m in ("", ".json")
    }


@pytest.mark.parametrize(
    "damage", ["torn line", "half a part", "flipped byte", "no part", "other job"]
)
def test_damage_is_noticed_and_made_again(damage: str, tmp_path: Path, small_parts: None) -> None:
    cases = vectors.Cases(UNIT, 9500, seed=6)
    whole = vectors.write(tmp_path / "whole.tv", cases)

    def stop(done: int, total: int) -> None:
        if done == 5000:
            raise Stopped

    with pytest.raises(Stopped):
        vectors.write(tmp_path / "x.tv", cases, progress=stop)
    lines, part = tmp_path / ".x.tv.journal", tmp_path / ".x.tv.part"
    kept = 5000
    if damage == "torn line":
        lines.write_bytes(lines.read_bytes()[:-20])
        kept = 4000
    elif damage == "half a part":
        part.write_bytes(part.read_bytes()[: 12 * 3500])
        kept = 3000
    elif damage == "flipped byte":
        data = bytearray(part.read_bytes())
        data[12 * 2500] ^= 1
        part.write_bytes(data)
        kept = 2000
    elif damage == "no part":
        part.unlink()
        kept = 0
    else:
        cases = vectors.Cases(UNIT, 9500, seed=7)
        whole = vectors.write(tmp_path / "whole.tv", cases)
        kept = 0
    again = vectors.write(tmp_path / "x.tv", cases)
    assert again == vectors.Written(9500, whole.sha256, resumed=kept)


def test_a_kill_between_the_last_renames(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = vectors.Cases(UNIT, 3000, seed=6)
    whole = vectors.write(tmp_path / "whole.tv", cases)
    rename, calls = os.replace, 0

    def once(source: str, target: str) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise Stopped
        rename(source, target)

    monkeypatch.setattr(os, "replace", once)
    with pytest.raises(Stopped):
        vectors.write(tmp_path / "x.tv", cases)
    monkeypatch.undo()
    again = vectors.write(tmp_path / "x.tv", cases)
    assert again == vectors.Written(3000, whole.sha256, resumed=3000)
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")]


def test_two_runs_of_one_file_exclude_each_other(tmp_path: Path, small_parts: None) -> None:
    cases = vectors.Cases(UNIT, 3000)

    def again(done: int, total: int) -> None:
        with pytest.raises(RuntimeError, match="another run writes"):
            vectors.write(tmp_path / "x.tv", cases)

    vectors.write(tmp_path / "x.tv", cases, progress=again)


KILLED = """
import sys, lowfloat as lf
from lowfloat import vectors
from lowfloat.vectors import journal, running
running.PART = journal.PART = 5000
unit = vectors.Unit.uniform("fma", "float16")
cases = vectors.Cases(unit, 150_000, seed=8)
if __name__ == "__main__":
    shard = (int(sys.argv[2]), 3 - int(sys.argv[3]))
    print(vectors.write(sys.argv[1], cases, shard=shard, jobs=int(sys.argv[3])).sha256)
"""


@pytest.mark.parametrize("jobs", [1, 2])
def test_kills_at_random_moments(jobs: int, tmp_path: Path) -> None:
    script = tmp_path / "run.py"
    script.write_text(KILLED)
    rng = random.Random(jobs)
    whole = tmp_path / "whole.tv"
    vectors.write(whole, vectors.Cases(vectors.Unit.uniform("fma", "float16"), 150_000, seed=8))
    joined, kills = b"", 0
    # One process makes two shards, two processes make one file.
    for shard in ("1", "2") if jobs == 1 else ("1",):
        target = tmp_path / f"x{shard}.tv"
        for attempt in range(9):
            command = [sys.executable, str(script), str(target), shard, str(jobs)]
            run = subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True)
            part = tmp_path / f".x{shard}.tv.part"
            # Up to two kills while the file grows, at moments that differ.
            if attempt < 2:
                patience = time.monotonic() + 60
                size = rng.randrange(1, 1_000_000)
                while run.poll() is None and time.monotonic() < patience:
                    if part.exists() and part.stat().st_size >= size:
                        time.sleep(rng.random() * 0.02)
                        os.kill(run.pid, signal.SIGKILL)
                        break
                    time.sleep(0.002)
            out, _ = run.communicate(timeout=120)
            kills += run.returncode == -signal.SIGKILL
            if run.returncode == 0:
                break
        assert run.returncode == 0
        assert out.decode().strip() == digest(target)
        joined += target.read_bytes()
    assert kills >= 1
    assert joined == whole.read_bytes()


# -- disks and folders ----------------------------------------------------------------------------


def test_a_full_disk_is_an_error() -> None:
    with Path("/dev/full").open("wb", buffering=0) as stream, pytest.raises(OSError, match="left"):
        vectors.write_to(stream, UNIT)


def test_a_device_or_a_pipe_is_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="would be replaced"):
        vectors.write(tmp_path / "pipe", UNIT)
    assert (tmp_path / "pipe").is_fifo()
    assert [p.name for p in tmp_path.iterdir()] == ["pipe"]


LIMITED = """
import resource, sys
from lowfloat.cli.main import main
from lowfloat.vectors import journal, running
running.PART = journal.PART = 5000
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), -1))
sys.exit(main(["vectors", "add", "-f", "e5m2", "--exhaustive", "--out", sys.argv[2]]))
"""


def test_a_run_that_met_a_limit_goes_on(tmp_path: Path) -> None:
    command = [sys.executable, "-c", LIMITED]
    target = str(tmp_path / "x.tv")
    stopped = subprocess.run(
        [*command, "400000", target], capture_output=True, text=True, check=False
    )
    assert stopped.returncode == 2
    assert stopped.stderr.count("\n") == 1
    assert "file too large" in stopped.stderr
    assert not (tmp_path / "x.tv").exists()
    again = subprocess.run([*command, "-1", target], capture_output=True, text=True, check=True)
    assert "resumed   30,000 were there" in again.stdout
    assert main(["check", target]) == 0


@pytest.mark.parametrize("where", ["missing/x.tv", "a_file/x.tv", "."])
def test_paths_that_cannot_be_written(
    where: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a_file").write_text("")
    command = ["vectors", "add", "-f", "e5m2", "--exhaustive", "--out", str(tmp_path / where)]
    assert main(command) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert [p.name for p in tmp_path.iterdir()] == ["a_file"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(PermissionError):
        vectors.write(tmp_path / "x.tv", UNIT)


# -- compression -----------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["gz", "zst"])
def test_compressed_files(suffix: str, tmp_path: Path, small_parts: None) -> None:
    if suffix == "zst":
        pytest.importorskip("zstandard", reason="zstandard is not installed: lowfloat[zstd]")
    cases = vectors.Cases(UNIT, 3500, seed=2)
    plain = vectors.write(tmp_path / "x.tv", cases)
    packed = vectors.write(tmp_path / f"x.tv.{suffix}", cases)
    assert packed.sha256 == plain.sha256
    assert main(["check", str(tmp_path / f"x.tv.{suffix}")]) == 0
    if suffix == "gz":
        assert (
            gzip.decompress((tmp_path / "x.tv.gz").read_bytes()) == (tmp_path / "x.tv").read_bytes()
        )
    data = (tmp_path / f"x.tv.{suffix}").read_bytes()
    (tmp_path / f"short.tv.{suffix}").write_bytes(data[:-9])
    with pytest.raises(vectors.VectorFileError, match=r"damaged|truncated"):
        vectors.read(tmp_path / f"short.tv.{suffix}", UNIT)


def peak_of_writing(path: Path, count: int) -> int:
    """The most bytes that Python and NumPy held at a time."""
    tracemalloc.start()
    try:
        vectors.write(path, vectors.Cases(UNIT, count, seed=3))
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("suffix", ["tv", "bin", "npz"])
def test_memory_does_not_grow_with_the_file(suffix: str, tmp_path: Path) -> None:
    some, more = (peak_of_writing(tmp_path / f"x.{suffix}", n << 17) for n in (3, 12))
    assert more < 1.1 * some + 100_000


def test_an_npz_file_is_what_numpy_writes(tmp_path: Path) -> None:
    count = (1 << 16) + 1000
    cases = vectors.Cases(UNIT, count, seed=5)
    vectors.write(tmp_path / "x.npz", cases)
    names = [column.name for column in UNIT.columns]
    np.savez(tmp_path / "y.npz", **dict(zip(names, cases.columns(0, count), strict=True)))
    assert (tmp_path / "x.npz").read_bytes() == (tmp_path / "y.npz").read_bytes()


# -- output ---------------------------------------------------------------------------------------


def test_a_file_is_never_short(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    honest = Job.part

    def short(job: Job, number: int, into: bytearray | None = None) -> running.Part:
        part = honest(job, number, into)
        return part._replace(payload=part.payload[:-12], data=part.data[:-12])

    monkeypatch.setattr(Job, "part", short)
    with pytest.raises(RuntimeError, match="do not use this file"):
        vectors.write(tmp_path / "x.tv", UNIT)
    assert not (tmp_path / "x.tv").exists()


def test_the_manifest_draws_the_same_cases(tmp_path: Path) -> None:
    weights = (("zero", 50),)
    cases = vectors.Cases(UNIT, 500, 77, ("weighted", "B1"), weights)
    vectors.write(tmp_path / "x.hex", cases)
    manifest = json.loads((tmp_path / "x.hex.json").read_text())
    assert manifest["cases"]["turns"] == ["weighted", "B1"]
    assert manifest["specification"]["version"]
    again = vectors.cases_of(manifest, "manifest")
    assert again == cases
    shutil.copy(tmp_path / "x.hex", tmp_path / "old.hex")
    vectors.write(tmp_path / "x.hex", again)
    assert (tmp_path / "x.hex").read_bytes() == (tmp_path / "old.hex").read_bytes()
    assert lf.__version__ == manifest["lowfloat_version"]
