#!/bin/bash -eu
# A target for each parser of the reference, and inputs to begin with beside it.
pip3 install .

for fuzzer in fuzz/oss-fuzz/fuzz_*.py; do
  name=$(basename -s .py "$fuzzer")
  # Parsers are found by entry points, which are in the metadata, and imported by name.
  compile_python_fuzzer "$fuzzer" --copy-metadata merkhet --collect-submodules merkhet_fuzz --collect-submodules merkhet_reference
  python3 "$fuzzer" --seeds "$WORK/$name"
  zip -q -j "$OUT/${name}_seed_corpus.zip" "$WORK/$name"/*
done
