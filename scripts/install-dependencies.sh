#!/usr/bin/env bash
# install-dependencies.sh [build] [postgres] [kafka] [redis] [s3]: installs what is missing of what these need, with apt-get on
# Debian and Ubuntu; elsewhere, or without the right to install, says what to install and fails. Without a word: all five.
# It looks for the programs themselves, so nothing missing means nothing done.
set -euo pipefail
scripts=$(cd "$(dirname "$0")" && pwd)

rust_is_there() { command -v cargo >/dev/null && command -v cc >/dev/null; }

libraries_are_there() {
  command -v c++ >/dev/null && command -v cmake >/dev/null && command -v pkg-config >/dev/null && pkg-config --exists openssl zlib
}

java_is_17() {
  local version
  version=$(java -version 2>&1 | sed -nE '1s/.*version "([0-9]+).*/\1/p') || return 1
  [[ -n $version ]] && ((version >= 17))
}

# The version of PostgreSQL that the system's packages offer.
offered_postgres() { apt-cache depends postgresql 2>/dev/null | sed -nE 's/.*Depends: postgresql-([0-9]+)$/\1/p'; }

missing_packages() { # prints the Debian packages for what is not there
  local wanted=" $* "
  if [[ $wanted == *" build "* ]] && ! libraries_are_there; then echo g++ cmake pkg-config libssl-dev zlib1g-dev; fi
  if [[ $wanted == *" postgres "* ]] && ! "$scripts/find-postgres.sh" >/dev/null 2>&1; then echo postgresql; fi
  if [[ $wanted == *" kafka "* ]]; then
    java_is_17 || echo openjdk-17-jre-headless
    command -v mvn >/dev/null || echo maven
  fi
  if [[ $wanted == *" redis "* ]] && ! command -v redis-server >/dev/null; then echo redis-server; fi
  if [[ $wanted == *" s3 "* ]] && ! python3 -c 'import ensurepip, venv' 2>/dev/null; then echo python3-venv; fi
}

say_what_to_install() { # PACKAGE...
  echo "Please install with your system's package manager (these are the names in Debian and Ubuntu): $*" >&2
  if [[ " $* " == *" postgresql "* ]]; then
    cat >&2 <<'TEXT'
PostgreSQL must be version 15 or later, with its server programs (initdb, postgres) and pgbench. Ubuntu 22.04 offers 14:
add PostgreSQL's own repository, then run this again:
    sudo apt-get install -y ca-certificates gnupg postgresql-common
    sudo /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y
TEXT
  fi
  exit 1
}

if [[ $# -eq 0 ]]; then set -- build postgres kafka redis s3; fi
if [[ " $* " == *" build "* ]] && ! rust_is_there; then
  echo "A C compiler (apt-get install build-essential) and Rust 1.88 or later (https://rustup.rs) are needed." >&2
  exit 1
fi
packages=$(missing_packages "$@" | xargs)
if [[ -z $packages ]]; then exit 0; fi
read -ra packages <<<"$packages"

command -v apt-get >/dev/null || say_what_to_install "${packages[@]}"
as_root=(env DEBIAN_FRONTEND=noninteractive)
if [[ $(id -u) != 0 ]]; then
  # Somebody at a terminal may be asked for a password; nobody else would ever answer.
  if sudo -n true 2>/dev/null || { [[ -t 0 && -z ${CI:-} ]] && sudo true; }; then
    as_root=(sudo "${as_root[@]}")
  else
    say_what_to_install "${packages[@]}"
  fi
fi

echo "Installing ${packages[*]}" >&2
log=$(mktemp)
quietly() { "$@" >"$log" 2>&1 </dev/null || { cat "$log" >&2; return 1; }; }
apt_get() { quietly "${as_root[@]}" apt-get -y -q --no-install-recommends -o DPkg::Lock::Timeout=300 "$@"; }
trap 'rm -f "$log"' EXIT

# A fresh machine has no package lists, an old one has stale ones.
apt_get --simulate install "${packages[@]}" 2>/dev/null || apt_get update || say_what_to_install "${packages[@]}"
# Debian 13 has no Java 17 but a later default; Ubuntu 22.04 has 17 but an earlier default.
if ! apt-cache show openjdk-17-jre-headless >/dev/null 2>&1; then
  packages=("${packages[@]/#openjdk-17-jre-headless/default-jre-headless}")
fi
if [[ " ${packages[*]} " == *" postgresql "* ]]; then
  offered=$(offered_postgres)
  ((${offered:-0} >= 15)) || say_what_to_install "${packages[@]}"
  # The package would start a server of its own, which nobody here needs.
  no_cluster=/etc/postgresql-common/createcluster.d/razao.conf
  "${as_root[@]}" mkdir -p "${no_cluster%/*}"
  "${as_root[@]}" sh -c "echo 'create_main_cluster = false' >$no_cluster"
  trap 'rm -f "$log"; "${as_root[@]}" rm -f "$no_cluster"' EXIT
fi
apt_get install "${packages[@]}" || { apt_get update && apt_get install "${packages[@]}"; } || say_what_to_install "${packages[@]}"

still_missing=$(missing_packages "$@" | xargs)
if [[ -n $still_missing ]]; then
  read -ra packages <<<"$still_missing"
  say_what_to_install "${packages[@]}"
fi
