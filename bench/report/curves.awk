# SPDX-License-Identifier: BSL-1.0
# The runs without a floor beside them, as tables for people.
function head(title, columns, n, i, line) {
  if (title == last) return
  last = title
  n = gsub(/\|/, "|", columns)
  line = "|"
  for (i = 1; i < n; i++) line = line "---|"
  print "\n## " title "\n\n" columns "\n" line
}
BEGIN { split("core open closed replicas clients reads failover outrun recovery codec", kinds, " ") }
{ kind = get("case") }
kind ~ /^core-/ { kind = get("side") == "ours" && get("pair") == 1 ? "core" : "" }
{ lines[kind] = lines[kind] $0 "\n" }
END {
  for (k = 1; k in kinds; k++) {
    count = split(lines[kinds[k]], list, "\n")
    for (l = 1; l < count; l++) {
      $0 = list[l]
      tell(kinds[k])
    }
  }
}
function tell(kind, times) {
  times = get("p50_us") " | " get("p99_us") " | " get("p999_us") " |"
  if (kind == "core") {
    head("Three replicas in one thread, beside their time",
      "| payload | batch | allocations per command | bytes per retained command | messages per command |")
    print "| " get("payload") " | " get("batch") " | " get("allocations_per_op") " | " \
      get("bytes_per_entry") " | " get("msgs_per_op") " |"
  } else if (kind == "open") {
    head("Open loop, corrected for coordinated omission",
      "| due per second | done per second | p50 us | p99 us | p99.9 us |")
    print "| " get("rate") " | " get("ops_per_s") " | " times
  } else if (kind == "closed") {
    head("Closed loop, callers in the process of the leader",
      "| outstanding | per second | CPU us/op | p50 us | p99 us | p99.9 us |")
    print "| " get("outstanding") " | " get("ops_per_s") " | " get("cpu_us_per_op") " | " times
  } else if (kind == "replicas") {
    head("Replicas, 256 outstanding", "| replicas | per second | p50 us | p99 us | p99.9 us |")
    print "| " get("replicas") " | " get("ops_per_s") " | " times
  } else if (kind == "clients") {
    head("Clients in a process of their own, with a session and one command under way each",
      "| clients | per second | CPU us/op | p50 us | p99 us | p99.9 us |")
    print "| " get("clients") " | " get("ops_per_s") " | " get("cpu_us_per_op") " | " times
  } else if (kind == "reads") {
    head("Reads, 16 outstanding", "| level | asked at the | per second | p50 us | p99 us | p99.9 us |")
    print "| " get("read") " | " get("at") " | " get("ops_per_s") " | " times
  } else if (kind == "failover") {
    head("Fail-over, 8 clients", "| longest gap ms | per second over all | refused | unknown |")
    print "| " get("longest_gap_ms") " | " get("ops_per_s") " | " get("refused") " | " get("unknown") " |"
  } else if (kind == "outrun") {
    head("Callers that outrun the disk: 20,000 commands of 4 KiB wanted at once",
      "| per second | refused as busy | leader MiB after warm-up | leader MiB at the end |")
    print "| " get("ops_per_s") " | " get("refused") " | " get("leader_memory_mb_before") " | " \
      get("leader_memory_mb") " |"
  } else if (kind == "recovery") {
    head("A restart, from the start of the process to the first command served",
      "| log MB | entries | leads after ms | serves after ms | reading the same bytes ms |")
    print "| " get("log_mb") " | " get("entries") " | " get("leads_ms") " | " get("serves_ms") \
      " | " get("read_ms") " |"
  } else if (kind == "codec") {
    head("Codecs", "| what | ns each | MB/s | beside memcpy |")
    print "| " get("what") " | " get("ns") " | " get("mb_per_s") " | " get("ratio") " |"
  }
}
