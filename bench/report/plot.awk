# SPDX-License-Identifier: BSL-1.0
# A plot as SVG of points "series <tab> x <tab> y". `scales` is two of linear, log and percentile.

function scaled(kind, v) {
  if (kind == "log") return log(v) / log(10)
  if (kind == "percentile") return -log(1 - v / 100) / log(10)
  return v
}
function across(v) { return left + (scaled(xkind, v) - x0) / (x1 - x0) * (width - left - right) }
function up(v) { return height - bottom - (scaled(ykind, v) - y0) / (y1 - y0) * (height - top - bottom) }
function label(v) {
  if (v >= 1e6) return sprintf("%g M", v / 1e6)
  if (v >= 1e4) return sprintf("%g k", v / 1e3)
  return sprintf("%g", v)
}
function text(x, y, anchor, what) {
  printf "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>\n", x, y, anchor, what
}
function line(a, b, c, d, colour) {
  printf "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\"/>\n", a, b, c, d, colour
}
function step(span, raw, power) {
  raw = span / 6
  power = 10 ^ int(log(raw) / log(10) - (raw < 1 ? 1 : 0))
  return raw / power <= 2 ? 2 * power : raw / power <= 5 ? 5 * power : 10 * power
}
function ticks(kind, low, high, horizontal, v, s, i) {
  if (kind == "percentile") {
    split("50 90 99 99.9", marks, " ")
    for (i = 1; i in marks; i++) tick(marks[i], horizontal)
  } else if (kind == "log") {
    for (v = int(low) - 1; v <= high + 1; v++) {
      for (i = 1; i <= 5; i += i == 1 ? 1 : 3) {
        s = i * 10 ^ v
        if (scaled("log", s) >= low - 1e-9 && scaled("log", s) <= high + 1e-9) tick(s, horizontal)
      }
    }
  } else {
    s = step(high - low)
    for (v = int(low / s) * s; v <= high + 1e-9; v += s) if (v >= low) tick(v, horizontal)
  }
}
function tick(v, horizontal, at) {
  if (horizontal) {
    at = across(v)
    line(at, top, at, height - bottom, "#e4e4e4")
    text(at, height - bottom + 18, "middle", label(v))
  } else {
    at = up(v)
    line(left, at, width - right, at, "#e4e4e4")
    text(left - 8, at + 4, "end", label(v))
  }
}

BEGIN {
  FS = "\t"
  split(scales, kinds, " ")
  xkind = kinds[1]
  ykind = kinds[2]
  width = 760
  height = 420
  left = 80
  right = 20
  top = 64
  bottom = 56
  split("#1b6ca8 #d1495b #2e933c #8e5572 #b8860b #444444", colours, " ")
}
{
  if (!($1 in known)) {
    known[$1] = ++series
    names[series] = $1
  }
  s = known[$1]
  n = ++count[s]
  xs[s, n] = $2
  ys[s, n] = $3
  sx = scaled(xkind, $2)
  sy = scaled(ykind, $3)
  if (total++ == 0) { x0 = x1 = sx; y0 = y1 = sy }
  if (sx < x0) x0 = sx
  if (sx > x1) x1 = sx
  if (sy < y0) y0 = sy
  if (sy > y1) y1 = sy
}
END {
  printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\"" \
    " font-family=\"sans-serif\" font-size=\"12\" fill=\"#222\">\n", width, height, width, height
  printf "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n", width, height
  printf "<text x=\"%d\" y=\"24\" font-size=\"16\">%s</text>\n", left, title
  if (total == 0) {
    text(width / 2, height / 2, "middle", "not measured")
    print "</svg>"
    exit
  }
  if (ykind == "log") {
    y0 -= 0.05
    y1 += 0.05
  } else {
    y0 = 0
    y1 = y1 * 1.05 + (y1 == 0)
  }
  if (x1 == x0) x1 = x0 + 1
  ticks(xkind, x0, x1, 1)
  ticks(ykind, y0, y1, 0)
  line(left, height - bottom, width - right, height - bottom, "#222")
  line(left, top, left, height - bottom, "#222")
  text((left + width - right) / 2, height - 14, "middle", xname)
  printf "<text transform=\"translate(20 %.1f) rotate(-90)\" text-anchor=\"middle\">%s</text>\n",
    (top + height - bottom) / 2, yname
  at = left
  for (s = 1; s <= series; s++) {
    colour = colours[(s - 1) % 6 + 1]
    path = ""
    for (n = 1; n <= count[s]; n++) {
      path = path sprintf("%s%.1f %.1f", n == 1 ? "M" : "L", across(xs[s, n]), up(ys[s, n]))
    }
    printf "<path d=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\"/>\n", path, colour
    for (n = 1; n <= count[s] && count[s] < 40; n++) {
      printf "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"/>\n", across(xs[s, n]), up(ys[s, n]), colour
    }
    printf "<rect x=\"%.1f\" y=\"40\" width=\"12\" height=\"12\" fill=\"%s\"/>\n", at, colour
    text(at + 17, 51, "start", names[s])
    at += 30 + 6.6 * length(names[s])
  }
  print "</svg>"
}
