# The rows of docs/spec, "ID | whom it binds | sentence | [where it comes from]", as those of requirements.cpp.
BEGIN { FS = " \\| " }
/^[A-Z][A-Z]+-[0-9]+ \| / && NF >= 3 {
  last = $NF ~ /^\[/ ? NF - 1 : NF
  sentence = $3
  for (i = 4; i <= last; ++i) sentence = sentence " | " $i
  page = FILENAME
  sub(/.*\//, "", page)
  printf "{\"%s\", \"%s\", R\"spec(%s)spec\"},\n", $1, page, sentence
}
