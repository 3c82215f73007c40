# SPDX-License-Identifier: BSL-1.0
# From the CSV of figures.awk: tables for people. A ratio above the floor's p50 or below its
# throughput is the price of a protocol; the interval stands in brackets.
BEGIN { FS = "," }
NR == 1 { next }
$2 == "floor" && !floors++ {
  print "Medians; a ratio is that of pairs run one after the other, with its 95 % interval. An Accept" \
    " to the follower that no decision needs may wait half a millisecond for others (`soon_ns`)," \
    " where the leader found that this decides sooner, but never in the cases `eager`; the floor" \
    " sends each command to both at once. Replicas wait as `run(io)` does (`wait_briefly`): after" \
    " some microseconds without input they sleep, and at once where staying awake did not pay. In" \
    " the cases `asleep` they sleep at once, always, as the floor does in all cases but `awake`," \
    " where both ask for input all the time.\n"
  print "| case | pairs | ops/s | floor | ratio | p50 us | floor | ratio | p99 us | CPU us/op |" \
    " wire B/op | disk B/op |"
  print "|---|---|---|---|---|---|---|---|---|---|---|---|"
}
$2 == "floor" {
  printf "| %s | %d | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", $1, $6, short($7),
    short($8), interval($9, $10, $11), $12, $13, interval($14, $15, $16), $17, $20, $21, $22
}
$2 == "hundred" {
  crowd = crowd sprintf("| %s | %d | %s | %s | %s | %s | %s | %s |\n", $1, $6, short($7), short($8),
    interval($9, $10, $11), $12, $13, $20)
}
$2 != "floor" && $2 != "hundred" {
  peers = peers sprintf("| %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", $1, $2, $6, short($7),
    short($8), interval($9, $10, $11), $12, $13, interval($14, $15, $16))
}
END {
  if (crowd != "") {
    print "\n## 1,000 clients beside 100, each with one command under way\n"
    print "Medians of runs one after the other, as above. `sockets` is the floor of this: as many" \
      " connections, and a server that sends back what it gets and knows nothing of any. What it" \
      " loses with a thousand is what sockets cost that no cache holds.\n"
    print "| case | pairs | ops/s | of 100 | ratio | p50 us | of 100 | CPU us/op |"
    print "|---|---|---|---|---|---|---|---|"
    printf "%s", crowd
  }
  if (peers == "") exit
  print "\n## Beside packaged peers\n"
  print "Medians; a ratio is ours to theirs in runs one after the other, with the lowest and the" \
    " highest. Both peers always sync their log, so where the case does not say durable, theirs is" \
    " on a tmpfs. libraft is given all commands of a turn of its loop in one call. etcd's commands" \
    " go through its gateway, JSON over HTTP, from a process of their own, which adds to its" \
    " cost.\n"
  print "| case | peer | pairs | ops/s | peer | ratio | p50 us | peer | ratio |"
  print "|---|---|---|---|---|---|---|---|---|"
  printf "%s", peers
}
function interval(middle, low, high) {
  return middle == "" ? "" : "**" brief(middle) "** [" brief(low) ", " brief(high) "]"
}
function brief(n) { return sprintf(n >= 10 ? "%.0f" : n >= 0.1 ? "%.2f" : "%.3f", n) }
function short(n) {
  if (n == "") return ""
  return n >= 1e6 ? sprintf("%.2f M", n / 1e6) : n >= 1e4 ? sprintf("%.0f k", n / 1e3) : sprintf("%.0f", n)
}
