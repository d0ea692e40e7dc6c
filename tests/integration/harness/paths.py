"""Where things lie. Everything that is written goes under build/."""

import os
import pathlib

INTEGRATION = pathlib.Path(__file__).resolve().parent.parent
REPOSITORY = INTEGRATION.parent.parent
BUILD = REPOSITORY / "build"
CONF = INTEGRATION / "conf"
MILENA = pathlib.Path(os.environ.get("MILENA", BUILD / "bin/milena"))
KAFKA_LIB = pathlib.Path(os.environ.get("KAFKA_LIB") or BUILD / "kafka/lib")
CLASSPATH = f"{BUILD / 'kafka/classes'}:{KAFKA_LIB}/*"
TEMPORARY = BUILD / "tmp"
