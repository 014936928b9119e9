#!/bin/sh
# Prepares a Debian machine for building noisefall: installs the packages that are missing, and nothing else.
set -eu

usage() {
  cat <<'EOT'
usage: sh cmake/setup.sh [--ci] [--bench] [--fuzz] [--help]

Installs what noisefall's tests and examples need and this machine does not have yet: a C++20 compiler, CMake, make,
Eigen, xtensor, nlohmann_json, Catch2 and zlib, from the distribution's own packages. Asks for nothing and needs no
root when all is there.

  --ci     also what checks the code: clang-format, clang-tidy, clang, clang 16 with its own standard library, ccache,
           git, Doxygen, and a compiler and an emulator for AArch64
  --bench  also what the benchmarks are built with: Google Benchmark
  --fuzz   also what the fuzz targets are built with: clang 16 with its sanitizers and libFuzzer
  --help   this text
EOT
}

ci=no bench=no fuzz=no
for argument in "$@"; do
  case $argument in
    --ci) ci=yes ;;
    --bench) bench=yes ;;
    --fuzz) fuzz=yes ;;
    --help | -h) usage; exit 0 ;;
    *) echo "setup: unknown argument '$argument': allowed are --ci, --bench, --fuzz and --help" >&2; exit 2 ;;
  esac
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
  missing=${missing# }
}

look
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
if [ -n "$missing" ]; then
  has_compiler || say "the compiler '$compiler' is version $(compiler_version): needed is g++ 12 or clang 14, or newer" >&2
  has_cmake || say "CMake is version $(cmake_version): needed is 3.25 or newer" >&2
  fail "installed, but still not usable: $missing. Debian 12 or newer has versions that serve."
fi
say "installed: $asked"
