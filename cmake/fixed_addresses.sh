#!/bin/sh
# fixed_addresses.sh <program> <argument>...: without address randomisation where that may be asked for, because g++ 12's
# thread sanitizer gives up ("unexpected memory mapping") on kernels that randomise more than 28 bits (vm.mmap_rnd_bits).
if setarch -R true 2>/dev/null; then exec setarch -R "$@"; fi
exec "$@"
