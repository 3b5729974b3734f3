"""A real Spark standalone cluster on loopback: a master and two workers, each a Java process of bounded memory."""

from __future__ import annotations

import os
import re
import subprocess
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pyspark

_SPARK_CLASS = Path(pyspark.__file__).parent / "bin/spark-class"
_DEPLOY = "org.apache.spark.deploy"

#: Few rows and many plans: compiling costs more than it saves.
_JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"

#: The driver stays on this machine, and one executor per worker fits into its memory.
_DEFAULTS = f"""
spark.driver.extraJavaOptions {_JAVA}
spark.executor.extraJavaOptions {_JAVA}
spark.sql.codegen.wholeStage false
spark.sql.codegen.factoryMode NO_CODEGEN
spark.sql.adaptive.enabled false
spark.driver.host 127.0.0.1
spark.driver.bindAddress 127.0.0.1
spark.driver.memory 512m
spark.executor.memory 512m
spark.executor.cores 1
spark.sql.shuffle.partitions 2
"""


def environment(folder: Path) -> dict[str, str]:
    """Return what Spark's programs, and a driver, need in order to stay small and on this machine."""
    conf = folder / "conf"
    conf.mkdir(exist_ok=True)
    (conf / "spark-defaults.conf").write_text(_DEFAULTS)
    return {
        "SPARK_CONF_DIR": str(conf),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_LOCAL_DIRS": str(folder / "local"),
        "SPARK_DAEMON_MEMORY": "256m",
        "SPARK_DAEMON_JAVA_OPTS": _JAVA,
    }


@contextmanager
def _run(folder: Path, name: str, *words: str):
    """Run a program of Spark until the block ends; yield the file that it writes to."""
    log = folder / f"{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [_SPARK_CLASS, *words], env={**os.environ, **environment(folder)},
            stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        yield log
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _said(log: Path, pattern: str, most_s: float = 100.0) -> str:
    """Wait until a log says something; return it."""
    end = time.monotonic() + most_s
    while time.monotonic() < end:
        found = re.search(pattern, log.read_text(errors="replace"))
        if found:
            return found.group(found.lastindex or 0)
        time.sleep(0.1)
    raise AssertionError(log.read_text(errors="replace")[-2000:])


@contextmanager
def cluster(folder: Path):
    """Run a master and two workers; yield the master's address, `spark://127.0.0.1:PORT`."""
    here = ("--host", "127.0.0.1", "--port", "0", "--webui-port", "0")
    with ExitStack() as running:
        log = running.enter_context(_run(folder, "master", f"{_DEPLOY}.master.Master", *here))
        address = _said(log, r"Starting Spark master at (spark://\S+)")
        logs = []
        for number in (1, 2):
            words = (f"{_DEPLOY}.worker.Worker", *here, "--cores", "1", "--memory", "512m")
            words += ("--work-dir", str(folder / f"work{number}"), address)
            logs.append(running.enter_context(_run(folder, f"worker{number}", *words)))
        for one in logs:
            _said(one, "Successfully registered with master")
        yield address
