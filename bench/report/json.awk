# SPDX-License-Identifier: BSL-1.0
# What a line of JSON, flat, says under a key; "" if nothing. For the other scripts here.
function get(key, at) {
  if (!match($0, "\"" key "\":[^,}]*")) return ""
  at = substr($0, RSTART, RLENGTH)
  sub(/^"[^"]*":/, "", at)
  gsub(/"/, "", at)
  return at
}
