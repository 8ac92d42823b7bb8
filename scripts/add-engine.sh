#!/bin/sh
# Adds a native engine: `npm run engine onnx` (trains 2.7 times as fast) or `npm run engine llama` (real GGUF models).
# They live in a folder of their own: a plain install stays small, and npm does not prune them with the next install.
set -e
cd "$(dirname "$0")/.."
mkdir -p engines
cd engines
[ -f package.json ] || echo '{ "name": "stillwatch-engines", "private": true }' >package.json
ONNX=1.30.0
LLAMA=3.22.1

for engine in "${@:-help}"; do
  case "$engine" in
    onnx)
      package=onnxruntime-node
      version=$ONNX
      packages="$package@$version"
      ;;
    llama)
      package=node-llama-cpp
      version=$LLAMA
      # Only the binary of this machine: with its optional packages (CUDA, Vulkan …) llama takes 725 MB instead of 85.
      case "$(node -p 'process.platform + "-" + process.arch')" in
        linux-x64) binary=linux-x64 ;;
        linux-arm64) binary=linux-arm64 ;;
        darwin-arm64) binary=mac-arm64-metal ;;
        darwin-x64) binary=mac-x64 ;;
        win32-x64) binary=win-x64 ;;
        win32-arm64) binary=win-arm64 ;;
        *) echo "node-llama-cpp has no binary for this platform" >&2; exit 2 ;;
      esac
      packages="$package@$version @node-llama-cpp/$binary@$version"
      ;;
    *) echo "usage: npm run engine -- onnx|llama ..." >&2; exit 2 ;;
  esac
  if grep -qs "\"version\": \"$version\"" "node_modules/$package/package.json"; then
    echo "$engine: $package $version is installed" >&2
    continue
  fi
  # The scripts of both packages download or build (CUDA libraries, llama.cpp from source): the binaries in the packages are enough.
  # shellcheck disable=SC2086
  npm install --no-package-lock --save-exact --omit=optional --ignore-scripts --no-fund --no-audit --loglevel=error $packages >&2
  echo "$engine: installed" >&2
done
