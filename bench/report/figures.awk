# SPDX-License-Identifier: BSL-1.0
# From lines of JSON with pairs of ours and what ran beside it, the floor or a peer: CSV with the
# median of each figure, and of the ratio within each pair with its 95 % interval (order statistics,
# no distribution assumed; of fewer than 6 pairs it is the lowest and the highest).

function sorted(list, n, i, j, one) {
  for (i = 2; i <= n; i++) {
    one = list[i]
    for (j = i - 1; j >= 1 && list[j] > one; j--) list[j + 1] = list[j]
    list[j + 1] = one
  }
}
function median(list, n) {
  return n % 2 ? list[(n + 1) / 2] : (list[n / 2] + list[n / 2 + 1]) / 2
}
# The k for which the k-th smallest and the k-th largest enclose the median 95 times in 100.
function rank(n, i, choose, sum) {
  choose = 1
  sum = 0
  for (i = 0; i <= n; i++) {
    sum += choose / 2 ^ n
    if (2 * sum > 0.05) return i < 1 ? 1 : i
    choose = choose * (n - i) / (i + 1)
  }
  return 1
}
# Returns "median,low,high" of ours divided by that of the other side.
function ratio(name, other, key, n, i, list, k) {
  n = 0
  for (i = 1; i <= pairs[name]; i++) {
    if (!((name, i, other, key) in value) || !((name, i, "ours", key) in value)) continue
    if (value[name, i, other, key] > 0) {
      list[++n] = value[name, i, "ours", key] / value[name, i, other, key]
    }
  }
  if (n == 0) return ",,"
  sorted(list, n)
  k = rank(n)
  return sprintf("%.3f,%.3f,%.3f", median(list, n), list[k], list[n + 1 - k])
}
function middle(name, side, key, n, i, list) {
  n = 0
  for (i = 1; i <= pairs[name]; i++) {
    if ((name, i, side, key) in value) list[++n] = value[name, i, side, key]
  }
  if (n == 0) return ""
  sorted(list, n)
  return median(list, n)
}

BEGIN { split("ops_per_s p50_us p99_us p999_us cpu_us_per_op wire_bytes_per_op disk_bytes_per_op", keys, " ") }
{
  name = get("case")
  side = get("side")
  if (side != "ours" && !known[name, side]++) {
    order[++names] = name
    beside[names] = side
  }
  pair = get("pair") + 0
  if (pair > pairs[name]) pairs[name] = pair
  for (i in keys) {
    found = get(keys[i])
    if (found != "") value[name, pair, side, keys[i]] = found + 0
  }
  if (side == "ours") {
    payload[name] = get("payload")
    outstanding[name] = get("outstanding")
    durable[name] = get("durable")
  }
}
END {
  print "case,beside,payload,outstanding,durable,pairs,ops_per_s,beside_ops_per_s,ops_ratio," \
    "ops_low,ops_high,p50_us,beside_p50_us,p50_ratio,p50_low,p50_high,p99_us,beside_p99_us," \
    "p999_us,cpu_us_per_op,wire_bytes_per_op,disk_bytes_per_op"
  for (c = 1; c <= names; c++) {
    n = order[c]
    o = beside[c]
    print n "," o "," payload[n] "," outstanding[n] "," durable[n] "," pairs[n] "," \
      middle(n, "ours", "ops_per_s") "," middle(n, o, "ops_per_s") "," \
      ratio(n, o, "ops_per_s") "," middle(n, "ours", "p50_us") "," middle(n, o, "p50_us") "," \
      ratio(n, o, "p50_us") "," middle(n, "ours", "p99_us") "," middle(n, o, "p99_us") "," \
      middle(n, "ours", "p999_us") "," middle(n, "ours", "cpu_us_per_op") "," \
      middle(n, "ours", "wire_bytes_per_op") "," middle(n, "ours", "disk_bytes_per_op")
  }
}
