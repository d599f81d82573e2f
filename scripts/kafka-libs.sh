#!/usr/bin/env bash
# Prints the folder with the jars of Kafka that `kafka/pom.xml` names, after copying them there the first time.
set -euo pipefail
cd "$(dirname "$0")/.."

version=$(sed -n 's|.*<kafka.version>\(.*\)</kafka.version>.*|\1|p' scripts/kafka/pom.xml)
libs=$PWD/target/kafka-$version
if [[ ! -d $libs ]]; then
  echo "kafka: fetching Apache Kafka $version from Maven Central, once" >&2
  mkdir -p target
  partial=$(mktemp -d target/kafka.XXXXXX) # renamed when complete, so that an interrupted copy is never taken for one
  trap 'rm -rf "$partial"' EXIT
  mvn --quiet --batch-mode -Dstyle.color=never --file scripts/kafka/pom.xml dependency:copy-dependencies \
    -DincludeScope=runtime -DoutputDirectory="$PWD/$partial" >&2
  chmod 755 "$partial"
  mv -T "$partial" "$libs"
fi
echo "$libs"
