"""Where things lie. What stays is under build/; the data of brokers under test is in memory where there is room."""

import os
import pathlib
import shutil
import tempfile

INTEGRATION = pathlib.Path(__file__).resolve().parent.parent
REPOSITORY = INTEGRATION.parent.parent
BUILD = REPOSITORY / "build"
CONF = INTEGRATION / "conf"
MILENA = pathlib.Path(os.environ.get("MILENA", BUILD / "bin/milena"))
MILENA_NEXT = MILENA.with_name("milena-next")  # the version after it
KAFKA_LIB = pathlib.Path(os.environ.get("KAFKA_LIB") or BUILD / "kafka/lib")
CLASSPATH = f"{BUILD / 'kafka/tests.jar'}:{KAFKA_LIB}/*"
SHARED_CLASSES = BUILD / "kafka/shared"
TEMPORARY = BUILD / "tmp"


def shared_classes(name):
    """Options for a JVM that takes its classes from what share_classes.py has left, where that fits it."""
    where = f"-XX:SharedArchiveFile={SHARED_CLASSES / name}.jsa"
    return [where, "-Xshare:auto", "-Xlog:cds=off", "-Xlog:cds+dynamic=off"]


def data_directory(prefix, bytes_needed, wanted=None):
    """A new one where it is wanted, else on tmpfs if that has room, for on a disk thousands of small files take their
    time; else under build/."""
    memory = pathlib.Path("/dev/shm")
    has_room = memory.is_dir() and shutil.disk_usage(memory).free > bytes_needed
    place = pathlib.Path(wanted) if wanted else memory if has_room else TEMPORARY
    place.mkdir(parents=True, exist_ok=True)
    return pathlib.Path(tempfile.mkdtemp(prefix=prefix, dir=place))
