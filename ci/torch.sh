#!/usr/bin/env bash
# Makes a virtual environment with the pinned torch from PyPI, and prints the variables with which
# the feature `tch` is built and run against its libtorch.
#
# usage: eval "$(ci/torch.sh cpu)"     without CUDA: 0.6 GB to download
#        eval "$(ci/torch.sh cuda)"    with CUDA and its libraries: 3 GB to download
#
# The folder is target/torch-cpu or target/torch-cuda, or that which COUNTERPOISE_TORCH names. The
# Python in it can import torch where CUDA's libraries are there, with or without a GPU.
set -euo pipefail
cd "$(dirname "$0")/.."
kind=${1-}
case $kind in cpu | cuda) ;; *) sed -n '2,10p' "$0" | sed 's/^# \{0,1\}//' >&2; exit 2 ;; esac
version=2.11.0
venv=${COUNTERPOISE_TORCH:-$PWD/target/torch-$kind}

[ -x "$venv/bin/pip" ] || python3 -m venv "$venv" >&2
packages=("torch==$version")
if [ "$kind" = cpu ]; then
    # PyPI has the build with CUDA only. Its CPU half loads with these two and without the rest.
    packages=(--no-deps "${packages[@]}")
    [ "$(uname -sm)" != "Linux x86_64" ] ||
        packages+=(nvidia-cuda-runtime==13.0.96 nvidia-cuda-cupti==13.0.85)
fi
"$venv/bin/pip" install --quiet --disable-pip-version-check "${packages[@]}" >&2
site=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
torch=$site/torch

if [ "$kind" = cpu ]; then
    # A view of the CPU half: with libtorch_cuda in sight, programs would need all of CUDA to start.
    view=$venv/libtorch
    rm -rf "$view"
    mkdir -p "$view/lib"
    ln -s "$torch/include" "$view/include"
    for library in "$torch"/lib/*.so* "$site"/nvidia/*/lib/lib{cudart,cupti}.so*; do
        case ${library##*/} in
        libtorch.so | *torch_cuda* | *c10_cuda* | *nvrtc* | *nvshmem* | *python* | *'*'*) ;;
        *) ln -s "$library" "$view/lib/" ;;
        esac
    done
    # libtorch.so holds nothing but the need of both halves.
    echo 'INPUT(-ltorch_cpu)' >"$view/lib/libtorch.so"
    torch=$view
fi

# Version 2.11.0 has the interface of 2.9.0, which the crate `tch` asks for.
cat <<END
export COUNTERPOISE_TORCH='$venv'
export LIBTORCH='$torch'
export LIBTORCH_CXX11_ABI=1
export LIBTORCH_BYPASS_VERSION_CHECK=1
export LD_LIBRARY_PATH='$torch/lib'\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH}
END
