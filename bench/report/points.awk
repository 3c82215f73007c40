# SPDX-License-Identifier: BSL-1.0
# From lines of JSON: the points of one plot, "series <tab> x <tab> y".
function point(series, x, y) { if (x != "" && y + 0 > 0) print series "\t" x "\t" y }
function percentiles(series) {
  if (seen[series]++) return
  point(series, 50, get("p50_us"))
  point(series, 90, get("p90_us"))
  point(series, 99, get("p99_us"))
  point(series, 99.9, get("p999_us"))
}
{ kind = get("case") }
what == "percentiles" && kind == "tcp-16-1" {
  percentiles(get("side") == "floor" ? "floor, not durable" : "synod, not durable")
}
what == "percentiles" && kind == "durable-16-1" {
  percentiles(get("side") == "floor" ? "floor, durable" : "synod, durable")
}
what == "load" && kind == "open" {
  point("open loop, p50", get("ops_per_s"), get("p50_us"))
  point("open loop, p99", get("ops_per_s"), get("p99_us"))
}
what == "load" && kind == "closed" {
  point("closed loop, p50", get("ops_per_s"), get("p50_us"))
  point("closed loop, p99", get("ops_per_s"), get("p99_us"))
}
what == "failover" && kind == "failover" {
  width = get("bucket_ms")
  list = $0
  sub(/.*"timeline":\[/, "", list)
  sub(/\].*/, "", list)
  count = split(list, each, ",")
  # Four buckets make a point, so that the line can be read.
  for (i = 1; i + 3 <= count; i += 4) {
    print "8 clients\t" (i + 1) * width "\t" (each[i] + each[i + 1] + each[i + 2] + each[i + 3]) * 250 / width
  }
}
what == "scale" && kind == "replicas" { point("replicas, 256 outstanding", get("replicas"), get("ops_per_s")) }
what == "scale" && kind == "clients" { point("clients, one command each", get("clients"), get("ops_per_s")) }
