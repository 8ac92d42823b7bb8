#!/bin/sh
# `npm start` and `npm test` must work from a fresh clone: install when the lock file is newer than what is installed.
set -e
cd "$(dirname "$0")/.."
if [ ! -x node_modules/node/bin/node ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  echo "installing dependencies ..." >&2
  # Not `npm ci`: it refuses a lock file without the binaries of other platforms, which not every registry mirror has.
  npm install --no-save --no-fund --no-audit --loglevel=error >&2
  # Strip the types of what a server loads once, here, so that the first start is as small and quick as the others.
  NODE_COMPILE_CACHE=node_modules/.cache/node node_modules/node/bin/node --input-type=module \
    -e 'await import("./src/serve.ts"); await import("./src/detect/live-worker.ts"); await import("./src/lm/answer/open-model.ts")' || true
fi
