# SPDX-License-Identifier: BSL-1.0
# Makes documentation of plain comments: of those on lines of their own, and of those behind a
# declaration. Their words are taken as they are, tables and lists as they stand, and Effects,
# Requires, Returns and Invalidates become paragraphs with that heading.

function plain(text) {
  gsub(/[\\@<>&#%"$]/, "\\\\&", text)
  return text
}
function end_verbatim() {
  if (verbatim) print indent "/// \\endverbatim"
  verbatim = 0
}

/^\/\/ SPDX-License-Identifier/ { print; next }
/^\/\/ ?-[- ].*/ { end_verbatim(); print; next }
/^[ \t]*\/\/( |$)/ {
  match($0, /^[ \t]*/)
  indent = substr($0, 1, RLENGTH)
  text = substr($0, RLENGTH + 3)
  if (text ~ /^ ---? /) { end_verbatim(); print; next }
  if (text ~ /^   / || (verbatim && text == "")) {
    if (!verbatim) print indent "/// \\verbatim"
    verbatim = 1
    print indent "///" text
    next
  }
  end_verbatim()
  if (match(text, /^ (Effects|Requires|Returns|Invalidates): /)) {
    print indent "/// \\par " substr(text, 2, RLENGTH - 3)
    text = " " substr(text, RLENGTH + 1)
  }
  print indent "///" plain(text)
  next
}
{ end_verbatim() }
/[;,{)][ \t]+\/\/ / && !/"[^"]*\/\/[^"]*"/ {
  at = match($0, /[ \t]+\/\/ /)
  print substr($0, 1, at - 1) "  ///< " plain(substr($0, at + RLENGTH))
  next
}
{ print }
