#!/usr/bin/env bash
# Prints the folder of the Keycloak that `keycloak/pom.xml` names, after unpacking it there the first time.
set -euo pipefail
cd "$(dirname "$0")/.."

version=$(sed -n 's|.*<keycloak.version>\(.*\)</keycloak.version>.*|\1|p' scripts/keycloak/pom.xml)
home=$PWD/target/keycloak-$version
if [[ ! -d $home ]]; then
  echo "keycloak: fetching Keycloak $version from Maven Central, once" >&2
  mkdir -p target
  partial=$(mktemp -d target/keycloak.XXXXXX) # renamed when complete, so that half a copy is never taken for one
  trap 'rm -rf "$partial"' EXIT
  mvn --quiet --batch-mode -Dstyle.color=never --file scripts/keycloak/pom.xml dependency:unpack \
    -DoutputDirectory="$PWD/$partial" -Dmdep.overWriteReleases=true >&2
  mv -T "$partial/keycloak-$version" "$home"
fi
echo "$home"
