# shellcheck shell=bash
# Sourced by the scripts that run a command beside a private, throw-away server. They name its folder in `home` and, once it
# is started, its process in `server`; both are gone when the script ends, however it does.
home='' server='' child=''
ending=KILL # the signal that ends the server at once: there is nothing to save

# shellcheck disable=SC2317  # the trap calls it
finish() {
  trap '' INT TERM HUP
  if [[ -n $child ]]; then kill -TERM -- "-$child" 2>/dev/null || true; fi
  if [[ -n $server ]]; then
    kill "-$ending" "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  if [[ -n $home ]]; then rm -rf "$home"; fi
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# run COMMAND...: runs it and exits as it does. A process group of its own lets a signal end it with all that it started.
run() {
  set -m
  "$@" &
  child=$!
  set +m
  local status=0
  wait "$child" || status=$?
  child=''
  exit "$status"
}
