#!/bin/sh
# Compares our codec with Kafka's own message classes, byte for byte.
#
#     run.sh PATH_OF_WIRE_ORACLE [--seed N] [--contents N]
#
# The jars come from $KAFKA_LIB, or are fetched from Maven Central into build/kafka/lib.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
[ $# -ge 1 ] || { echo "usage: run.sh PATH_OF_WIRE_ORACLE [--seed N] [--contents N]" >&2; exit 2; }

lib=${KAFKA_LIB:-$repository/build/kafka/lib}
for jar in clients metadata group-coordinator transaction-coordinator share-coordinator; do
    [ -n "$(find "$lib" -name "kafka-$jar-4.*.jar" 2>/dev/null)" ] && continue
    [ -z "${KAFKA_LIB:-}" ] || { echo "no kafka-$jar in $lib" >&2; exit 2; }
    mvn --quiet --batch-mode --file "$here/pom.xml" dependency:copy-dependencies "-DoutputDirectory=$lib"
    break
done

classes=$(mktemp -d)
trap 'rm -rf "$classes"' EXIT
javac -Xlint:all -Werror -cp "$lib/*" -d "$classes" "$here"/java/*.java
java -XX:+UseSerialGC -Xshare:auto -cp "$classes:$lib/*" Oracle "$@"
