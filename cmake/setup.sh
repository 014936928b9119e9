#!/bin/sh
# Prepares a Debian machine for building noisefall: installs the packages that are missing, and nothing else.
set -eu

usage() {
  cat <<'EOT'
usage: sh cmake/setup.sh [--ci] [--bench] [--fuzz] [--with LIBRARY]... [--help]

Installs what noisefall's tests and examples need and this machine does not have yet: a C++20 compiler, CMake, make,
Eigen, xtensor, nlohmann_json, Catch2 and zlib, from the distribution's own packages. Asks for nothing and needs no
root when all is there.

  --ci     also what checks the code: clang-format, clang-tidy, clang, clang 16 with its own standard library, ccache,
           git, Doxygen, and a compiler and an emulator for AArch64
  --bench  also what the benchmarks are built with: Google Benchmark
  --fuzz   also what the fuzz targets are built with: clang 16 with its sanitizers and libFuzzer
  --with LIBRARY
           also what one of the adapters or examples is built with:
             onnxruntime  ONNX Runtime: Debian's package where there is one (Debian 13); else, into a folder of its own
                          (~/.cache/noisefall/onnxruntime, or $NOISEFALL_CACHE/onnxruntime), the headers of Debian 13's
                          package and the library of the npm package onnxruntime-node. Where $ONNXRUNTIME_ROOT names a
                          folder with include/ and lib/, that one serves and nothing is fetched.
             torch        libtorch, and Python's torch, by which examples/digits exports its network
             mpi          Open MPI
             tbb          oneTBB
  --help   this text
EOT
}

ci=no bench=no fuzz=no onnxruntime=no torch=no mpi=no tbb=no
while [ $# -gt 0 ]; do
  case $1 in
    --ci) ci=yes ;;
    --bench) bench=yes ;;
    --fuzz) fuzz=yes ;;
    --with)
      case ${2:-} in
        onnxruntime) onnxruntime=yes ;;
        torch) torch=yes ;;
        mpi) mpi=yes ;;
        tbb) tbb=yes ;;
        *) echo "setup: --with '${2:-}': allowed are onnxruntime, torch, mpi and tbb" >&2; exit 2 ;;
      esac
      shift ;;
    --help | -h) usage; exit 0 ;;
    *) echo "setup: unknown argument '$1': allowed are --ci, --bench, --fuzz, --with LIBRARY and --help" >&2; exit 2 ;;
  esac
  shift
done

say() { echo "setup: $*"; }
fail() { for line in "$@"; do echo "setup: $line" >&2; done; exit 1; }

# has_command NAME: it is on the path
has_command() { command -v "$1" >/dev/null 2>&1; }

# has_header FILE...: one of them stands where compilers look
has_header() {
  for file in "$@"; do
    for folder in /usr/include /usr/local/include; do
      [ -e "$folder/$file" ] && return 0
    done
  done
  return 1
}

# at_least FOUND WANTED: compares two versions "major.minor..."
at_least() {
  found_major=${1%%.*} wanted_major=${2%%.*}
  found_minor=0 wanted_minor=0
  case $1 in *.*) found_minor=${1#*.}; found_minor=${found_minor%%.*} ;; esac
  case $2 in *.*) wanted_minor=${2#*.}; wanted_minor=${wanted_minor%%.*} ;; esac
  case $found_major$found_minor in '' | *[!0-9]*) return 1 ;; esac
  [ "$found_major" -gt "$wanted_major" ] || { [ "$found_major" -eq "$wanted_major" ] && [ "$found_minor" -ge "$wanted_minor" ]; }
}

compiler=${CXX:-c++}
compiler_version() { $compiler -dumpversion 2>/dev/null || true; }
is_clang() { $compiler --version 2>/dev/null | grep -qi clang; }
has_compiler() {
  has_command "${compiler%% *}" || return 1
  if is_clang; then at_least "$(compiler_version)" 14; else at_least "$(compiler_version)" 12; fi
}
cmake_version() { cmake --version 2>/dev/null | sed -n 's/^cmake version \([0-9.]*\).*/\1/p'; }
has_cmake() { has_command cmake && at_least "$(cmake_version)" 3.25; }

# Where ONNX Runtime is kept if no package has it; CMake looks there too (cmake/Findonnxruntime.cmake).
onnxruntime_folder=${NOISEFALL_CACHE:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/noisefall}/onnxruntime
# in_folder FOLDER: it holds ONNX Runtime's header and library
in_folder() {
  { [ -e "$1/include/onnxruntime_cxx_api.h" ] || [ -e "$1/include/onnxruntime/onnxruntime_cxx_api.h" ]; } &&
    { [ -e "$1/lib/libonnxruntime.so" ] || [ -e "$1/lib64/libonnxruntime.so" ]; }
}
has_onnxruntime() {
  { [ -n "${ONNXRUNTIME_ROOT:-}" ] && in_folder "$ONNXRUNTIME_ROOT"; } || in_folder "$onnxruntime_folder" ||
    has_header onnxruntime/onnxruntime_cxx_api.h onnxruntime_cxx_api.h
}
has_python_torch() {
  for python in python3 /usr/bin/python3; do
    "$python" -c "import importlib.util, sys; sys.exit(importlib.util.find_spec('torch') is None)" 2>/dev/null && return 0
  done
  return 1
}
# has_package NAME: apt knows where to get it
has_package() { LC_ALL=C apt-cache policy "$1" 2>/dev/null | grep -q '^  Candidate: [0-9]'; }

# Lists in $missing the packages whose purpose nothing on this machine serves.
look() {
  missing=
  has_compiler || missing="$missing g++"
  has_cmake || missing="$missing cmake"
  has_command make || missing="$missing make"
  has_header eigen3/Eigen/Core Eigen/Core || missing="$missing libeigen3-dev"
  has_header xtensor/xtensor.hpp xtensor/containers/xtensor.hpp || missing="$missing libxtensor-dev"
  has_header nlohmann/json.hpp || missing="$missing nlohmann-json3-dev"
  has_header catch2/catch.hpp catch2/catch_test_macros.hpp || missing="$missing catch2"
  has_header zlib.h || missing="$missing zlib1g-dev"
  if [ $bench = yes ]; then
    has_header benchmark/benchmark.h || missing="$missing libbenchmark-dev"
  fi
  if [ $fuzz = yes ]; then
    has_command clang++-16 || missing="$missing clang-16"
    ls /usr/lib/llvm-16/lib/clang/16*/lib/linux/libclang_rt.fuzzer-*.a >/dev/null 2>&1 || missing="$missing libclang-rt-16-dev"
  fi
  if [ $ci = yes ]; then
    for tool in clang-format clang-tidy clang ccache git doxygen; do
      has_command $tool || missing="$missing $tool"
    done
    has_command clang++-16 || missing="$missing clang-16"
    [ -e /usr/lib/llvm-16/include/c++/v1/version ] || missing="$missing libc++-16-dev"
    [ -e /usr/lib/llvm-16/lib/libc++abi.so ] || missing="$missing libc++abi-16-dev"
    has_command aarch64-linux-gnu-g++ || missing="$missing g++-aarch64-linux-gnu"
    has_command qemu-aarch64 || missing="$missing qemu-user"
  fi
  if [ $torch = yes ]; then
    has_header torch/script.h || missing="$missing libtorch-dev"
    has_python_torch || missing="$missing python3-torch python3-numpy"
  fi
  if [ $mpi = yes ]; then
    { has_command mpicxx && has_command mpirun; } || missing="$missing libopenmpi-dev openmpi-bin"
  fi
  if [ $tbb = yes ]; then
    has_header oneapi/tbb/parallel_for.h || missing="$missing libtbb-dev"
  fi
  # What a package of this system has; the rest is fetched once the packages are there.
  fetch_onnxruntime=no
  if [ $onnxruntime = yes ] && ! has_onnxruntime; then
    if has_package libonnxruntime-dev; then
      missing="$missing libonnxruntime-dev"
    else
      fetch_onnxruntime=yes
      has_command npm || has_command curl || has_command wget || missing="$missing curl"
    fi
  fi
  missing=${missing# }
}

onnxruntime_version=1.30.0
onnxruntime_sha256=6e3390d6b783e7be946fad629292799da28d0b42f84856e50d2c1b0383291e75  # of the npm package

# Headers from Debian 13's package, which has no library that an older system can load; the library from npm's package,
# which has no headers. ONNX Runtime keeps the tables of its older interfaces, so the two may differ in version.
get_onnxruntime() {
  say "fetching ONNX Runtime $onnxruntime_version into $onnxruntime_folder"
  hint="Get a release for this machine by your own means and name its folder, which holds include/ and lib/: ONNXRUNTIME_ROOT."
  [ "$(uname -s)" = Linux ] || fail "ONNX Runtime is fetched for Linux only." "$hint"
  case $(uname -m) in
    x86_64) npm_name=x64 deb_name=amd64 ;;
    aarch64) npm_name=arm64 deb_name=arm64 ;;
    *) fail "ONNX Runtime is fetched for x86_64 and aarch64 only." "$hint" ;;
  esac
  keys=/usr/share/keyrings/debian-archive-keyring.gpg
  [ -e $keys ] && has_command dpkg-deb || fail "ONNX Runtime's headers are fetched by Debian's own tools and keys only." "$hint"
  work=$(mktemp -d)
  trap 'rm -rf "$work" "${log:-}"' EXIT
  chmod 755 "$work"
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 2>/dev/null | grep '/debian/*$' | head -n 1)
  mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/deb" "$work/npm"
  echo "deb [arch=$deb_name signed-by=$keys] ${mirror:-http://deb.debian.org/debian} trixie main" >"$work/sources.list"
  private_apt() {
    apt-get -qq -o "Dir::Etc::SourceList=$work/sources.list" -o Dir::Etc::SourceParts=/dev/null \
      -o "Dir::State::lists=$work/lists" -o "Dir::Cache=$work/cache" -o "APT::Architecture=$deb_name" \
      -o Acquire::Languages=none -o APT::Sandbox::User="$(id -un)" "$@"
  }
  private_apt update >"$work/log" 2>&1 && (cd "$work/deb" && private_apt download libonnxruntime-dev) >>"$work/log" 2>&1 &&
    dpkg-deb -x "$work"/deb/libonnxruntime-dev*.deb "$work/deb" || {
      cat "$work/log" >&2
      fail "the headers (Debian 13's libonnxruntime-dev) could not be fetched; apt's own words are above." "$hint"
    }

  package=onnxruntime-node-$onnxruntime_version.tgz url=https://registry.npmjs.org/onnxruntime-node/-/$package
  if has_command npm; then
    (cd "$work/npm" && npm pack --silent "onnxruntime-node@$onnxruntime_version") >"$work/log" 2>&1
  elif has_command curl; then
    curl -fsSL -o "$work/npm/$package" "$url" >"$work/log" 2>&1
  else
    wget -q -O "$work/npm/$package" "$url" >"$work/log" 2>&1
  fi || {
    cat "$work/log" >&2
    fail "the library (npm's onnxruntime-node) could not be fetched; the words of npm, curl or wget are above." "$hint"
  }
  echo "$onnxruntime_sha256  $work/npm/$package" | sha256sum -c --status ||
    fail "npm's $package is not the file that it was: its SHA-256 is not $onnxruntime_sha256." "$hint"
  inside=package/bin/napi-v6/linux/$npm_name/libonnxruntime.so.1
  tar -xzf "$work/npm/$package" -C "$work/npm" "$inside" package/package.json

  # Built aside and renamed, so that a half-made folder is never taken for a whole one.
  made=$onnxruntime_folder.$$
  mkdir -p "$made/lib"
  mv "$work/deb/usr/include/onnxruntime" "$made/include"
  mv "$work/npm/$inside" "$made/lib/libonnxruntime.so.1"
  ln -s libonnxruntime.so.1 "$made/lib/libonnxruntime.so"
  mv "$work/deb/usr/share/doc/libonnxruntime-dev/copyright" "$made/copyright"
  mv "$work/npm/package/package.json" "$made/package.json"
  rm -rf "$onnxruntime_folder"
  mv "$made" "$onnxruntime_folder"
  rm -rf "$work"
  say "fetched: $onnxruntime_folder ($(du -sh "$onnxruntime_folder" | cut -f 1))"
}

look
if [ -z "$missing" ] && [ $fetch_onnxruntime = yes ]; then
  get_onnxruntime
  exit 0
fi
if [ -z "$missing" ]; then
  say "everything is there, nothing to install"
  exit 0
fi
say "missing: $missing"

has_command apt-get || fail \
  "this machine has no apt-get, and this script knows Debian's packages only." \
  "Install by your own means: a C++20 compiler (g++ 12 or clang 16), CMake 3.25, make, Eigen 3.4, xtensor, nlohmann_json," \
  "Catch2 and zlib with their headers; CMake downloads the libraries that it does not find."

root=
if [ "$(id -u)" -ne 0 ]; then
  has_command sudo || fail \
    "installing packages needs root, and there is no sudo. Let an administrator run" \
    "  apt-get update && apt-get install --no-install-recommends $missing"
  root=sudo
fi

# apt waits for dpkg's lock by itself, but not for the one on the package lists: that is what the loop is for.
apt() { $root env DEBIAN_FRONTEND=noninteractive LC_ALL=C apt-get -q -o DPkg::Lock::Timeout=600 "$@"; }
log=$(mktemp)
trap 'rm -f "$log"' EXIT

say "updating the package lists"
tries=0
until apt update >"$log" 2>&1; do
  tries=$((tries + 1))
  if grep -q 'Could not get lock' "$log" && [ $tries -lt 60 ]; then
    [ $tries -eq 1 ] && say "another program holds apt's lock; waiting for it"
    sleep 5
  else
    cat "$log" >&2
    say "the package lists could not all be updated; going on with what is known"
    break
  fi
done

say "installing: $missing"
# shellcheck disable=SC2086  # one word per package
if ! apt install -y --no-install-recommends $missing >"$log" 2>&1; then
  cat "$log" >&2
  fail "installing failed; apt's own words are above." \
    "On a system other than Debian 12 the packages may have other names: needed are $missing."
fi

asked=$missing
look
if [ $fetch_onnxruntime = yes ] && [ -z "$missing" ]; then get_onnxruntime; fi
if [ -n "$missing" ]; then
  has_compiler || say "the compiler '$compiler' is version $(compiler_version): needed is g++ 12 or clang 14, or newer" >&2
  has_cmake || say "CMake is version $(cmake_version): needed is 3.25 or newer" >&2
  fail "installed, but still not usable: $missing. Debian 12 or newer has versions that serve."
fi
say "installed: $asked"
