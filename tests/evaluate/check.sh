#!/bin/sh
# examples/evaluate on ranks of this machine:  check.sh ranks|killed MPIRUN EVALUATE JOBS FOLDER
set -eu
what=$1 mpirun=$2 evaluate=$3 jobs=$4 out=$5
rm -rf "$out"
mkdir -p "$out"
# As root in a container, and more ranks than cores: what Open MPI has to be told.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
export PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe OMP_NUM_THREADS=1
fail() { echo "FAILED: $*"; exit 1; }

if [ "$what" = ranks ]; then
  for way in "1 5000" "1 64" "2 100" "4 333"; do
    set -- $way
    "$mpirun" -n "$1" "$evaluate" "$jobs/mixture.json" --count 5000 --chunk "$2" --out "$out/$1.$2" || fail "$way"
    cmp "$out/1.5000/report.json" "$out/$1.$2/report.json" || fail "$1 ranks and chunks of $2 give other measures"
  done
  grep -q '"frechet"' "$out/1.64/report.json" || fail "nothing was measured"
  "$mpirun" -n 2 "$evaluate" "$jobs/mixture.json" --count 5000 --seed 8 --out "$out/other"
  cmp -s "$out/1.64/report.json" "$out/other/report.json" && fail "another seed gives the same measures"
  "$mpirun" -n 2 "$evaluate" "$jobs/mixture.json" --count 5000 --seed 9 --out "$out/other" 2>"$out/said" && fail "took a folder of another job"
  grep -q 'job.json: is another job than this one; allowed: a folder of its own for each job' "$out/said" || fail "$(cat "$out/said")"
  echo "1, 2 and 4 ranks, chunks of 64 to 5000: the same bits and the same measures"
  exit 0
fi

"$mpirun" -n 2 "$evaluate" "$jobs/digits.json" --count 24 --chunk 2 --out "$out/killed" >"$out/log" 2>&1 &
running=$!
tries=0
until [ "$(ls "$out/killed" 2>/dev/null | grep -c '\.npy$')" -ge 3 ]; do
  tries=$((tries + 1))
  [ $tries -lt 600 ] || fail "no chunk was written in a minute"
  sleep 0.1
done
for process in $(ps -o pid= --ppid $running); do
  kill -9 "$process"  # one rank dies where it stands
  break
done
wait $running && fail "the run did not notice the end of a rank"
rm -f "$out/killed"/*.part
written=$(ls "$out/killed" | grep -c '\.npy$')
[ "$written" -lt 12 ] || fail "all was written before the rank was killed: nothing was tested"
(cd "$out/killed" && sha256sum -- *.npy) >"$out/sums"
"$mpirun" -n 4 "$evaluate" "$jobs/digits.json" --count 24 --chunk 3 --out "$out/killed" | tee "$out/log"
grep -q "24 samples, $((24 - 2 * written)) of them drawn now, by 4 ranks" "$out/log" || fail "$written chunks were there"
(cd "$out/killed" && sha256sum -c --status "$out/sums") || fail "what was written has changed"
"$mpirun" -n 1 "$evaluate" "$jobs/digits.json" --count 24 --out "$out/whole" >/dev/null
cmp "$out/whole/report.json" "$out/killed/report.json" || fail "continued, the measures are others"
echo "a rank killed after $written of 12 chunks: continued by 4 ranks, with the bits of an uninterrupted run"
