"""Apache Spark as an engine: the same Ibis expressions, over Parquet files that every worker can read."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from himaya.core.errors import InputError, ServiceError
from himaya.ledger.files import Layout
from himaya.ledger.schema import SCHEMA
from himaya.ledger.storage import Storage

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

#: Seconds in which a master has to take a connection; Spark itself would try for a minute.
_REACH_S = 5.0

#: What a session is asked to be. Everything else is said by Spark's own files (`SPARK_CONF_DIR`) and environment.
_SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
}


class Spark:
    """A session at a master: `local[N]` in a Java process of this machine, or `spark://HOST:PORT`.

    Raises InputError when the extra is not installed, ServiceError when there is no Java or no master.
    """

    def __init__(self, master: str, layout: Layout, storage: Storage | None = None) -> None:
        self._base = f"file://{layout.directory.absolute()}"
        if storage is not None:
            self._base = _for_spark(storage)
        self._session, self.errors = _session(master)
        self._ibis: Any = ibis.pyspark.connect(self._session)
        self._views = 0

    def read(self, names: Sequence[str], columns: Sequence[str]) -> ir.Table:
        """Return the rows of sealed files; the schema is known, so no file is looked at before the question."""
        from ibis.backends.pyspark.datatypes import PySparkSchema  # noqa: PLC0415
        from ibis.formats.pyarrow import PyArrowSchema  # noqa: PLC0415  (the extra has been imported)

        wanted = pa.schema([SCHEMA.field(name) for name in columns])
        schema = PySparkSchema.from_ibis(PyArrowSchema.to_ibis(wanted))
        frame = self._session.read.schema(schema).parquet(*(f"{self._base}/{n}" for n in names))
        self._views += 1
        view = f"himaya_rows_{self._views}"
        frame.createOrReplaceTempView(view)
        return self._ibis.table(view)

    def table(self, expression: ir.Table) -> pa.Table:
        """Return the rows of an expression."""
        return self._ibis.to_pyarrow(expression)

    def drop(self, table: ir.Table) -> None:
        """Forget a table."""
        self._session.catalog.dropTempView(table.get_name())

    def stay_in_memory(self) -> None:
        """Refuse: workers are other machines, and spill to their disks."""
        raise InputError(
            "sealed periods are opened in the memory of this machine; leave --engine away"
        )

    def close(self) -> None:
        """End the session, and the application at the master."""
        self._session.stop()


def _for_spark(storage: Storage) -> str:
    """Return where a storage is, as Hadoop names it."""
    if storage.is_local:
        return f"file://{storage.path('').rstrip('/')}"
    scheme, _, rest = storage.url.partition("://")
    return f"{'s3a' if scheme == 's3' else scheme}://{rest}"


def _session(master: str) -> tuple[SparkSession, tuple[type[Exception], ...]]:
    """Return a session, and what it raises when a question fails."""
    _reach(master)
    try:
        from py4j.protocol import Py4JError  # noqa: PLC0415  (an extra)
        from pyspark.errors import PySparkException  # noqa: PLC0415
        from pyspark.sql import SparkSession  # noqa: PLC0415
    except ImportError:
        raise InputError(f"--engine {master}: install himaya[spark] to use it") from None
    builder = SparkSession.builder.master(master).appName("himaya")
    for key, value in _SETTINGS.items():
        builder = builder.config(key, value)
    try:
        session = builder.getOrCreate()
    except Exception as problem:  # noqa: BLE001  (what Java says of a missing Java has many forms)
        said = str(problem).strip().splitlines() or [type(problem).__name__]
        raise ServiceError(f"Spark did not start at {master} (Java 17?): {said[0]}") from None
    session.sparkContext.setLogLevel("ERROR")
    return session, (PySparkException, Py4JError)


def _reach(master: str) -> None:
    """Raise ServiceError when no master of a cluster takes a connection."""
    if not master.startswith("spark://"):
        return
    problems = []
    for place in master.removeprefix("spark://").split(","):
        host, _, port = place.rpartition(":")
        try:
            socket.create_connection((host.strip("[]"), int(port)), _REACH_S).close()
        except (OSError, OverflowError) as problem:
            problems.append(f"{place}: {getattr(problem, 'strerror', None) or problem}")
        else:
            return
    raise ServiceError(f"no Spark master answers: {'; '.join(problems)}")
