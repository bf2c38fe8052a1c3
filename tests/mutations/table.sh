#!/bin/sh
# table.sh SOURCE_DIR: tools/mutate takes the tables of SOURCE_DIR, and refuses small wrong ones with one line each.
set -eu
source=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

"$source/tools/mutate" sources "$folder/all" >"$folder/files"
count=$(cat "$source"/tests/mutations/*.mutations | grep -c '^mutation ')
[ "$count" -ge 200 ] || { echo "$count mutations, not 200"; exit 1; }
# Each has its own switch in the sources that are written.
switches=$(grep -rhoE 'PORTICO_MUTANT\(0x[0-9a-f]+u\)' "$folder/all" | sort -u | wc -l)
[ "$switches" -eq "$count" ] || { echo "$count mutations have $switches switches"; exit 1; }
tests=$(grep -rhE '^test ' "$source"/tests/mutations/*.mutations | grep -E '^test [a-z_]+ (\*|)$' || true)
[ -z "$tests" ] || { echo "a filter that is all of a program: $tests"; exit 1; }

# A tree with one source and one table.
mkdir -p "$folder/tree/tools" "$folder/tree/tests/mutations" "$folder/tree/src"
cp "$source/tools/mutate" "$folder/tree/tools/"
cd "$folder/tree"
printf 'int f(int a) {\n    a += 1;\n    a += 1;\n    return a * 2;\n}\n' >src/f.cpp
one='file src/f.cpp\ntest test_f F.Doubles\n'

wrong=0
expect() {  # expect CODE TEXT ARGUMENTS...: what tools/mutate ends with, and all that it says
    wanted_code=$1 wanted=$2
    shift 2
    code=0
    said=$(tools/mutate "$@" 2>&1) || code=$?
    [ "$code" -eq "$wanted_code" ] && [ "$said" = "$wanted" ] && return
    printf 'tools/mutate %s: %s\n%s\nnot %s\n%s\n' "$*" "$code" "$said" "$wanted_code" "$wanted"
    wrong=1
}
table() { printf "$1" >tests/mutations/f.mutations; }
refused() {  # refused TABLE TEXT
    table "$1"
    expect 2 "tools/mutate: tests/mutations/f.mutations:$2" sources build
}

refused "mutation f.half\n${one}- a * 2\n+ a\n\nmutation f.half\n${one}- a * 2\n+ a\n" "7: a second mutation 'f.half'"
refused "mutation f.half\n${one}- a * 3\n+ a\n" "1: src/f.cpp has the text of 'f.half' 0 times, not once"
refused "mutation f.one\n${one}- a += 1;\n+ ;\n" "1: src/f.cpp has the text of 'f.one' 2 times, not once"
refused "mutation f.half\n${one}- a * 2\n+ a\nmutation f.end\n${one}- 2;\n+ 3;\n" "6: 'f.end' overlaps another mutation"
refused "mutation f.half\nfile src/g.cpp\ntest test_f F.Doubles\n- a * 2\n+ a\n" "1: there is no src/g.cpp"
refused "mutation f.half\nfile src/f.cpp\n- a * 2\n+ a\n" "1: 'f.half' lacks its file, test or - line"
refused "mutation f.half\n${one}- a * 2\n* a\n" "5: '*' is none of mutation, file, test, -, +"
refused "file src/f.cpp\n" "1: 'file' before the first mutation"

table "mutation f.half\n${one}- a * 2\n+ a\n"
expect 0 src/f.cpp sources build
grep -q 'return (PORTICO_MUTANT(0x[0-9a-f]*u) ? (a) : (a \* 2));' build/mutated/src/f.cpp || wrong=1
grep -q "^#line 1 \"$folder/tree/src/f.cpp\"$" build/mutated/src/f.cpp || wrong=1
expect 2 "tools/mutate: there is no mutation 'f.whole'" run build f.whole
expect 2 "tools/mutate: '--all' is not understood" run build --all
expect 2 "tools/mutate: $folder/tree/build/tests/f/test_f is not built" run build f.half

# A program that always passes, one that always fails, one that fails when its mutation is on, one without such a test.
mkdir -p build/tests/f
program() { printf '#!/bin/sh\n%s\n' "$1" >build/tests/f/test_f; chmod +x build/tests/f/test_f; }
program 'exit 0'
expect 1 "tests/mutations/f.mutations:1: 'f.half' survives test_f F.Doubles
tools/mutate: 0 of 1 mutations noticed" run build f.half
program 'exit 1'
expect 1 "tests/mutations/f.mutations:1: test_f F.Doubles does not pass without a mutation
tools/mutate: 0 of 1 mutations noticed" run build
program '[ "${PORTICO_MUTATION:-}" != f.half ]'
expect 0 "tools/mutate: 1 of 1 mutations noticed" run build
program 'echo "[  PASSED  ] 0 tests."'
expect 1 "tests/mutations/f.mutations:1: test_f F.Doubles does not pass without a mutation
tools/mutate: 0 of 1 mutations noticed" run build
exit $wrong
