#!/bin/sh
# Brings node_modules in line with the lock file, whatever Node the system's npm runs on. All output is npm's.
# npm leaves out optional packages that do not want the Node it runs on, without a word; the tools' binaries are such packages. So where
# the system's Node is old, npm itself runs on the Node that the lock file names.
set -u
top=$(cd "$(dirname "$0")/.." && pwd -P) || exit 1
cd "$top" || exit 1

# npm trusts whom this host trusts, also behind a proxy with an authority of its own.
bundle=/etc/ssl/certs/ca-certificates.crt
if [ -z "${NODE_EXTRA_CA_CERTS:-}" ] && [ -f "$bundle" ]; then
  NODE_EXTRA_CA_CERTS=$bundle
  export NODE_EXTRA_CA_CERTS
fi

quiet='--no-audit --no-fund --no-update-notifier --loglevel=error'

if ! node -e 'var v = process.versions.node.split(".").map(Number); process.exit(v[0] > 22 || (v[0] === 22 && v[1] >= 12) ? 0 : 1)'; then
  version=$(sed -n 's/^ *"node": "\([0-9.]*\)",*$/\1/p' package.json | head -n 1)
  own=$top/.cache/node/$version
  if [ ! -x "$own/node_modules/node/bin/node" ]; then
    rm -rf "$top/.cache/node"
    mkdir -p "$own" || exit 1
    # shellcheck disable=SC2086
    npm install --prefix "$own" --no-save $quiet "node@$version" || exit 1
  fi
  PATH=$own/node_modules/node/bin:$PATH
  export PATH
fi

# shellcheck disable=SC2086
npm ci $quiet || exit 1
[ -x node_modules/node/bin/node ] || npm rebuild node
touch node_modules/.package-lock.json
