# From clang's textual AST dump: the names with C linkage that are declared but not defined.
# A line is an indent of two characters a level, the node's kind, and for a function the name before its quoted type.
{
    match($0, /[A-Za-z<]/)
    depth = (RSTART - 1) / 2
    text = substr($0, RSTART)
    split(text, word, " ")
    kind[depth] = word[1]
    if (word[1] == "LinkageSpecDecl") language[depth] = text ~ / C$/ ? "C" : "C++"
    if (word[1] == "FunctionDecl" || word[1] == "VarDecl") declaration(text, depth, word[1])
    # A body, or the value of a variable, is a child of the declaration.
    if (depth > 0 && current[depth - 1] != "" && text !~ /^(ParmVarDecl|[A-Za-z]*Attr)/) defined[current[depth - 1]] = 1
    if (word[1] != "FunctionDecl" && word[1] != "VarDecl") current[depth] = ""
}

function declaration(text, depth, what,    head, words, count, name) {
    current[depth] = ""
    if (!c_linkage(depth)) return
    head = substr(text, 1, index(text, "'") - 1)
    count = split(head, words, " ")
    name = words[count]
    if (name !~ /^[A-Za-z_][A-Za-z0-9_]*$/ || head ~ / (implicit|operator) /) return
    if (text ~ /' static/ || (what == "VarDecl" && text !~ /' extern/)) return
    current[depth] = name
    seen[name] = 1
}

# At file level inside extern "C" blocks only; those may be nested, and the innermost counts.
function c_linkage(depth,    i) {
    for (i = depth - 1; i > 0; --i) {
        if (kind[i] != "LinkageSpecDecl") return 0
    }
    return depth > 1 && language[depth - 1] == "C"
}

END {
    for (name in seen) {
        if (!(name in defined)) print name
    }
}
