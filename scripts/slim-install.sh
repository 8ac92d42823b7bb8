#!/bin/sh
# onnxruntime-web brings builds for browsers and WebGPU and their source maps, 115 of its 139 MB; Node loads one module and one wasm file.
cd "$(dirname "$0")/../node_modules/onnxruntime-web/dist" 2>/dev/null || exit 0
rm -f ./*.map ./*.jsep.* ./*.asyncify.* ./*.jspi.* ./ort.all.* ./ort.webgl.* ./ort.webgpu.* ./ort.jspi.*
