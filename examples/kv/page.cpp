// SPDX-License-Identifier: BSL-1.0
#include "page.hpp"

namespace store {

namespace {

// One page without anything from elsewhere. It asks each node for its /status once a second, and
// draws what it hears; a node that does not answer is down.
constexpr char page[] = R"html(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>kv</title>
<meta name="viewport" content="width=device-width">
<style>
 :root { --bad: #b3261e; --good: #1b7f4b; --wait: #a65f00; --line: #8884; color-scheme: light dark }
 body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 62rem;
   padding: 0 1rem }
 h1 { font-size: 1.3rem; margin: 0 0 .2rem } h2 { font-size: 1rem; margin: 1.6rem 0 .4rem }
 #sum { margin: 0 0 1.2rem; opacity: .8 }
 #nodes { display: grid; grid-template-columns: repeat(auto-fit, minmax(17rem, 1fr)); gap: 1rem }
 .node { border: 1px solid var(--line); border-left: .4rem solid var(--line); border-radius: .4rem;
   padding: .7rem .9rem }
 .leads { border-left-color: var(--good) } .down { border-left-color: var(--bad); opacity: .75 }
 .waits { border-left-color: var(--wait) }
 .node b { font-size: 1.05rem } .role { float: right; font-weight: 600 }
 .leads .role { color: var(--good) } .down .role { color: var(--bad) }
 .waits .role { color: var(--wait) }
 dl { display: grid; grid-template-columns: auto 1fr; gap: 0 .8rem; margin: .5rem 0 0 }
 dt { opacity: .7 } dd { margin: 0; text-align: right; font-variant-numeric: tabular-nums }
 .bar { height: .4rem; background: var(--line); border-radius: .2rem; margin: .6rem 0 .2rem }
 .bar i { display: block; height: 100%; background: var(--good); border-radius: .2rem }
 .why { color: var(--wait); margin: .5rem 0 0; overflow-wrap: anywhere }
 svg { width: 100%; height: 4.5rem; border-bottom: 1px solid var(--line) }
 #events { margin: 0; padding: 0; list-style: none; font-variant-numeric: tabular-nums }
 .figures { display: flex; gap: 2rem; flex-wrap: wrap }
 .figures div b { display: block; font-size: 1.3rem; font-variant-numeric: tabular-nums }
</style></head><body>
<h1>kv</h1><p id="sum">asking the nodes ...</p>
<div id="nodes"></div>
<h2>Load</h2>
<div class="figures"><div><b id="rate">-</b>slots a second</div><div><b id="p50">-</b>p50 at the
leader</div><div><b id="p99">-</b>p99 at the leader</div></div>
<svg id="spark" viewBox="0 0 120 40" preserveAspectRatio="none"><title>slots a second, in the last
two minutes</title><polyline fill="none" stroke="currentColor" stroke-width="1"
 vector-effect="non-scaling-stroke" points=""/></svg>
<svg id="late" viewBox="0 0 120 40" preserveAspectRatio="none"><title>p50 and p99 at the leader, in
the last two minutes</title><polyline fill="none" stroke="var(--good)" stroke-width="1"
 vector-effect="non-scaling-stroke" points=""/><polyline fill="none" stroke="var(--wait)"
 stroke-width="1" vector-effect="non-scaling-stroke" points=""/></svg>
<h2>Events</h2><ul id="events"></ul>
<script>
'use strict';
const first = FIRST, count = COUNT, before = {}, rates = [], events = [], middle = [], tail = [];
let last = null, leader_then = null;
const get = id => document.getElementById(id);
const text = s => String(s).replace(/[&<>"]/g, c => '&#' + c.charCodeAt(0) + ';');
async function ask(id, path) {
  const stop = new AbortController(), late = setTimeout(() => stop.abort(), 900);
  const url = 'http://127.0.0.1:' + (first + id) + path;
  try { return await (await fetch(url, {signal: stop.signal})).text() }
  catch (e) { return null } finally { clearTimeout(late) }
}
function event(what) {
  events.unshift(new Date().toLocaleTimeString() + '  ' + what);
  events.length = Math.min(events.length, 20);
  get('events').innerHTML = events.map(e => '<li>' + text(e) + '</li>').join('');
}
const led = n => n.protocol !== 'masterless_multi_paxos';
function role(n) {
  if (!n) return 'down';
  if (n.phase !== 'running') return n.phase;
  if (!led(n)) return n.leads ? 'holds the open range' : 'serves';
  return n.leads ? 'leader' : n.campaigns ? 'campaigns' : 'follower';
}
const us = ns => ns >= 1e6 ? (ns / 1e6).toFixed(1) + ' ms' : Math.round(ns / 1e3) + ' us';
const metric = (all, name) => {
  const line = all && all.split('\n').find(l => l.startsWith(name + ' '));
  return line ? Number(line.split(' ').pop()) : null;
};
function keep(list, value) {
  list.push(value);
  if (list.length > 120) list.shift();
}
function draw(id, lines) {
  const most = Math.max(1, ...lines.flat());
  lines.forEach((line, at) => get(id).querySelectorAll('polyline')[at].setAttribute('points',
    line.map((v, i) => (120 - line.length + i) + ',' + (39 - 38 * v / most)).join(' ')));
}
// What happened to a node since it was asked last, in words.
function news(id, then, n) {
  const all = [], name = 'node ' + id + ': ';
  if (role(then) !== role(n)) all.push(name + role(then) + ' -> ' + role(n));
  if (!then || !n) return all;
  if (then.incarnation !== n.incarnation) all.push(name + 'restarted, life ' + n.incarnation);
  if (then.read_only !== n.read_only) {
    all.push(name + (n.read_only ? 'its disk is full' : 'its disk has room again'));
  }
  if (then.configuration !== n.configuration) {
    all.push(name + 'configuration ' + n.configuration + ', ' + n.members.length + ' members');
  }
  for (const link of n.links) {
    const was = then.links.find(l => l.id === link.id);
    if (was && was.linked && !link.linked) all.push(name + 'lost node ' + link.id);
    if (was && !was.linked && link.linked) all.push(name + 'found node ' + link.id);
  }
  return all;
}
function tile(id, n, top) {
  const what = role(n), lag = n ? Math.max(0, top - n.applied) : 0;
  const waits = n && (n.waits_for || lag > 100 || n.phase !== 'running');
  const kind = !n ? 'down' : n.leads ? 'leads' : waits ? 'waits' : '';
  const links = n ? n.links.map(l => l.id + (l.linked ? '' : ' (none)')).join(', ') : '';
  const row = (a, b) => '<dt>' + a + '</dt><dd>' + text(b) + '</dd>';
  const said = text(lag > 100 && n ? 'catching up' : what);
  return '<div class="node ' + kind + '"><span class="role">' + said +
    '</span><b>node ' + id + '</b>' + (!n ? '<p class="why">does not answer</p>' :
    '<dl>' + row('ballot', n.ballot) + row('chosen', n.chosen_upto) + row('applied', n.applied) +
    row('lag', lag + (lag === 1 ? ' slot' : ' slots')) +
    row('configuration', n.configuration) + row('linked to', links || '-') +
    row('life', n.incarnation) + '</dl><div class="bar"><i style="width:' +
    (top ? 100 * Math.min(1, n.applied / top) : 100) + '%"></i></div>' +
    (n.waits_for ? '<p class="why">' + text(n.waits_for) + '</p>' : '')) + '</div>';
}
async function round() {
  const all = await Promise.all([...Array(count).keys()].map(async i => {
    const got = await ask(i + 1, '/status');
    try { return JSON.parse(got) } catch (e) { return null }
  }));
  const top = Math.max(0, ...all.map(n => n ? n.chosen_upto : 0)), up = all.filter(n => n);
  const leader = up.find(n => n.leads), all_serve = up.length && !led(up[0]);
  const voters = up.length ? up[0].members.filter(m => m.role === 'voter').length : count;
  all.forEach((n, i) => {
    if (i in before) news(i + 1, before[i], n).forEach(event);
    before[i] = n;
  });
  if (leader && leader_then && leader_then.ballot !== leader.ballot) {
    event('node ' + leader.id + ' leads at ballot ' + leader.ballot +
      ', after node ' + leader_then.id);
  }
  leader_then = leader || leader_then;
  const text_of_quorum = Math.floor(voters / 2) + 1 + ' of ' + voters + ' must answer';
  get('sum').textContent = up.length + ' of ' + count + ' nodes answer; ' +
    (leader ? 'node ' + leader.id +
    (all_serve ? ' holds the open range' : ' leads') + ' at ballot ' + leader.ballot :
    all_serve ? 'any of them serves' : 'nobody leads') + '; ' + text_of_quorum +
    (up.length ? ' (' + up[0].protocol + ', configuration ' + up[0].configuration + ')' : '');
  get('nodes').innerHTML = all.map((n, i) => tile(i + 1, n, top)).join('');
  const now = performance.now();
  if (last && top >= last.top) {
    keep(rates, Math.round((top - last.top) * 1000 / (now - last.now)));
    get('rate').textContent = rates[rates.length - 1];
    draw('spark', [rates]);
  }
  last = {top, now};
  if (leader) {
    const figures = await ask(leader.id, '/metrics');
    const p50 = metric(figures, 'synod_operation_nanoseconds{quantile="0.5"}');
    const p99 = metric(figures, 'synod_operation_nanoseconds{quantile="0.99"}');
    get('p50').textContent = p50 ? us(p50) : '-';
    get('p99').textContent = p99 ? us(p99) : '-';
    keep(middle, p50 || 0);
    keep(tail, p99 || 0);
    draw('late', [middle, tail]);
  }
  setTimeout(round, 1000);
}
event('this page was opened');
round();
</script></body></html>
)html";

std::string replaced(std::string in, std::string const& what, std::string const& by) {
  std::size_t const at = in.find(what);
  return at == std::string::npos ? in : in.replace(at, what.size(), by);
}

}  // namespace

std::string status_page(std::uint16_t port, unsigned nodes) {
  return replaced(replaced(page, "FIRST", std::to_string(port + 40)), "COUNT",
                  std::to_string(nodes));
}

}  // namespace store
