#!/bin/bash
# install_packages.sh ITEM...: installs, without asking, the Debian packages that are not there yet.
#
# An item is a package, or `command:package` when any program of that name will do (a machine may have its own node).
# When nothing is missing it says nothing and takes a few milliseconds; it never touches what is installed.
set -euo pipefail

fail() {
  printf 'deps: %s\n' "$@" >&2
  exit 1
}

missing=()
packages=()
for item in "$@"; do
  if [[ $item == *:* ]]; then
    command -v "${item%%:*}" >/dev/null || missing+=("${item#*:}")
  else
    packages+=("$item")
  fi
done

if command -v dpkg-query >/dev/null; then
  installed=" $(dpkg-query -W -f='${db:Status-Status}=${Package} ' "${packages[@]}" 2>/dev/null || true)"
  for package in "${packages[@]}"; do
    [[ $installed == *" installed=$package "* ]] || missing+=("$package")
  done
else
  missing+=("${packages[@]}")
fi
[[ ${#missing[@]} -eq 0 ]] && exit 0

echo "deps: ${#missing[@]} missing: ${missing[*]}"
command -v apt-get >/dev/null ||
  fail 'there is no apt-get here: Trunkline is built with the packages of Debian 12.' \
    'Install what is named above by other means, or use docker/Dockerfile.'

as_root=()
if [[ $(id -u) -ne 0 ]]; then
  command -v sudo >/dev/null ||
    fail 'installing needs root, and there is no sudo. As root, run:' "  apt-get install ${missing[*]}"
  as_root=(sudo)
fi
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o Dpkg::Use-Pty=0 -o Acquire::Retries=3
  -o DPkg::Lock::Timeout=300)

# The tests start servers of their own: the package must not start one for the machine, which it would at once.
if [[ " ${missing[*]} " == *' postgresql-15 '* ]]; then
  policy=/etc/postgresql-common/createcluster.d
  "${as_root[@]}" mkdir -p "$policy"
  printf '# Written before postgresql-15 was installed for tests.\ncreate_main_cluster = false\n' |
    "${as_root[@]}" tee "$policy/no_cluster.conf" >/dev/null
fi

echo 'deps: reading the package lists'
"${apt[@]}" update -qq ||
  echo 'deps: the package lists could not be read (no network?); trying with those that are here' >&2
echo 'deps: installing; the first time this takes some minutes'
"${apt[@]}" install -y --no-install-recommends "${missing[@]}" ||
  fail 'installing failed; the reason is in the lines above.' \
    'No network: the packages come from the Debian mirror of this machine.' \
    'No such package: Trunkline needs Debian 12 (bookworm), with bookworm-updates and bookworm-security.'
echo 'deps: done'
