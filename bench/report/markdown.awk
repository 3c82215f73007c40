# SPDX-License-Identifier: BSL-1.0
# From the CSV of figures.awk: a table for people. A ratio above the floor's p50 or below its
# throughput is the price of a protocol; the interval stands in brackets.
BEGIN {
  FS = ","
  print "Medians; a ratio is that of pairs run one after the other, with its 95 % interval.\n"
  print "| case | pairs | ops/s | floor | ratio | p50 us | floor | ratio | p99 us | CPU us/op |" \
    " wire B/op | disk B/op |"
  print "|---|---|---|---|---|---|---|---|---|---|---|---|"
}
NR > 1 {
  throughput = $8 == "" ? "" : sprintf("**%.2f** [%.2f, %.2f]", $8, $9, $10)
  latency = $13 == "" ? "" : sprintf("**%.2f** [%.2f, %.2f]", $13, $14, $15)
  printf "| %s | %d | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", $1, $5, short($6),
    short($7), throughput, $11, $12, latency, $16, $19, $20, $21
}
function short(n) {
  if (n == "") return ""
  return n >= 1e6 ? sprintf("%.2f M", n / 1e6) : n >= 1e4 ? sprintf("%.0f k", n / 1e3) : sprintf("%.0f", n)
}
