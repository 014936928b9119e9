#!/bin/sh
# What the ten lines cost a user: seconds to compile examples/hello.cpp, best of three, beside what is wanted.
#
#   CXX=clang++-14 benchmarks/compile_times.sh
#
# Prints "hello.cpp <flag>  <seconds>  <wanted>  ok|short" and never fails: seconds depend on the machine.
set -eu
cd "$(dirname "$0")/.."

compiler=${CXX:-g++}
export CCACHE_DISABLE=1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# Nanoseconds of wall-clock of one compilation.
compile() {
  begin=$(date +%s%N)
  # shellcheck disable=SC2086  # CXX may hold flags
  $compiler -std=c++20 "$1" -Iinclude -c examples/hello.cpp -o "$folder/hello.o" >&2 || return
  echo $(($(date +%s%N) - begin))
}

report() {
  best=$( (compile "$1" && compile "$1" && compile "$1") | sort -n | head -n 1)
  if [ -z "$best" ]; then
    echo "hello.cpp $1  does not compile  $2  short"
    return
  fi
  echo "$best $2" | awk -v flag="$1" '{
    seconds = $1 / 1e9
    printf "hello.cpp %s  %.2f  %s  %s\n", flag, seconds, $2, seconds <= $2 ? "ok" : "short"
  }'
}

report -O0 1.5
report -O2 3
