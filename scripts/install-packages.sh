#!/bin/sh
# Installs the system programs that a group of scripts/packages.tsv names and that are missing.
# usage: install-packages.sh GROUP...    with BERTH_ADDED=FILE the names of all packages that came with it are appended to FILE
# Exit: 0 all there, 1 installing failed, 2 something is missing and only root can install it (the command is printed).
set -u
here=$(cd "$(dirname "$0")" && pwd)
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

family() {
  id=$(. /etc/os-release 2>/dev/null && echo "${ID:-} ${ID_LIKE:-}")
  case " $id " in
    *" ubuntu "*) echo 4 ubuntu ;;
    *" debian "*) echo 3 debian ;;
    *" fedora "* | *" rhel "*) echo 5 fedora ;;
    *" arch "*) echo 6 arch ;;
    *) echo 0 unknown ;;
  esac
}

set_family() { column=$1 name=$2; }
# shellcheck disable=SC2046
set_family $(family)

missing=
unknown=
for group in "$@"; do
  while IFS="$(printf '\t')" read -r program own debian ubuntu fedora arch; do
    [ "$own" = "$group" ] || continue
    command -v "$program" >/dev/null 2>&1 && continue
    case $column in
      3) package=$debian ;; 4) package=$ubuntu ;; 5) package=$fedora ;; 6) package=$arch ;; *) package=- ;;
    esac
    if [ "$package" = - ]; then unknown="$unknown $program"; else missing="$missing $package"; fi
  done <"$here/packages.tsv"
done

[ -z "$unknown" ] || echo "not packaged for this system ($name), install by hand:$unknown" >&2
[ -n "$missing" ] || exit 0

case $name in
  debian | ubuntu) update='apt-get update' install='apt-get install -y --no-install-recommends' ;;
  fedora) update=true install='dnf install -y' ;;
  arch) update=true install='pacman -S --noconfirm --needed' ;;
  *) echo "install these with your system's package manager:$missing" >&2; exit 2 ;;
esac

if [ "$(id -u)" != 0 ]; then
  echo "missing:$missing" >&2
  echo "install them with: sudo $install$(echo "$missing" | sed 's/ [^ ]*|/ /g')" >&2
  exit 2
fi

# Of names with a bar between them the first that this release has.
choose() {
  for entry in $missing; do
    choice=${entry##*|}
    for candidate in $(echo "$entry" | tr '|' ' '); do
      [ "$entry" != "$choice" ] && apt-cache show "$candidate" >/dev/null 2>&1 && choice=$candidate && break
    done
    printf ' %s' "$choice"
  done
}

installed() {
  case $name in
    debian | ubuntu) dpkg-query --show --showformat='${Package}\n' ;;
    fedora) rpm --query --all --queryformat '%{NAME}\n' ;;
    arch) pacman --query --quiet ;;
  esac | sort -u
}

log=$(mktemp) || exit 1
[ -z "${BERTH_ADDED:-}" ] || installed >"$log.before"
export DEBIAN_FRONTEND=noninteractive

packages=$(choose)
echo "installing$packages" >&2
failed=
# A list of packages that is there may be good enough; where it is not, it is fetched and the same is tried once more, and then each by
# itself, so that one that this release does not have keeps none of the others away.
if ! $install $packages >"$log" 2>&1; then
  $update >>"$log" 2>&1
  packages=$(choose)
  if ! $install $packages >>"$log" 2>&1; then
    for package in $packages; do
      $install "$package" >>"$log" 2>&1 || failed="$failed $package"
    done
  fi
fi

if [ -n "${BERTH_ADDED:-}" ]; then
  installed | comm -13 "$log.before" - >>"$BERTH_ADDED"
  rm -f "$log.before"
fi
if [ -n "$failed" ]; then
  tail -n 5 "$log" >&2
  rm -f "$log"
  echo "could not install$failed; try: $update && $install$failed" >&2
  exit 1
fi
rm -f "$log"
exit 0
