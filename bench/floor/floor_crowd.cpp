// SPDX-License-Identifier: BSL-1.0
//
// Own driver: a FLOOR, not a peer. A process with so many connections over loopback TCP, each with
// one message under way, and one that sends every message back: epoll, one thread each, no protocol
// and nothing kept for a connection but what the kernel keeps. How much slower it is with a
// thousand connections than with a hundred is what sockets cost that no cache holds.
//
// usage: floor_crowd <connections> <bytes> <seconds>
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

static double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}
static double seconds_of(timeval const& t) { return double(t.tv_sec) + double(t.tv_usec) * 1e-6; }
static double processor_time(int who) {
  rusage used{};
  getrusage(who, &used);
  return seconds_of(used.ru_utime) + seconds_of(used.ru_stime);
}
static void watch(int poll, int socket) {
  int one = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  fcntl(socket, F_SETFL, O_NONBLOCK);
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  event.data.fd = socket;
  epoll_ctl(poll, EPOLL_CTL_ADD, socket, &event);
}
// Takes what is ready, sends as much back on each, and returns how many there were.
static int serve(int poll, char* bytes, size_t length) {
  epoll_event ready[128];
  int const count = epoll_wait(poll, ready, 128, 1000);
  int served = 0;
  for (int i = 0; i < count; ++i) {
    ssize_t const got = recv(ready[i].data.fd, bytes, length, 0);
    if (got == 0) _exit(0);
    if (got < 0) continue;
    if (send(ready[i].data.fd, bytes, size_t(got), MSG_NOSIGNAL) != got) _exit(1);
    ++served;
  }
  return served;
}

int main(int count, char** words) {
  if (count < 4) return 2;
  int const connections = atoi(words[1]);
  size_t const length = size_t(atol(words[2]));
  double const seconds = atof(words[3]);
  int const door = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  if (bind(door, (sockaddr*)&at, size) != 0 || listen(door, 4096) != 0) return 1;
  getsockname(door, (sockaddr*)&at, &size);
  std::vector<char> bytes(length);
  int const poll = epoll_create1(0);
  pid_t const server = fork();
  if (server == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int const mine = epoll_create1(0);
    for (int i = 0; i < connections; ++i) watch(mine, accept(door, nullptr, nullptr));
    for (;;) serve(mine, bytes.data(), length);
  }
  for (int i = 0; i < connections; ++i) {
    int const one = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(one, (sockaddr*)&at, size) != 0) return 1;
    watch(poll, one);
    if (send(one, bytes.data(), length, MSG_NOSIGNAL) != ssize_t(length)) return 1;
  }
  double const warm = now() + 0.5;
  while (now() < warm) serve(poll, bytes.data(), length);
  double const before = processor_time(RUSAGE_SELF);
  double const begin = now();
  long done = 0;
  while (now() < begin + seconds) done += serve(poll, bytes.data(), length);
  double const took = now() - begin;
  double const used = processor_time(RUSAGE_SELF) - before;
  kill(server, SIGKILL);
  waitpid(server, nullptr, 0);
  printf("{\"peer\":\"FLOOR-crowd\",\"payload\":%zu,\"outstanding\":%d,\"clients\":%d,"
         "\"durable\":false,\"ops_per_s\":%.0f,\"client_cpu_us_per_op\":%.2f}\n",
         length, connections, connections, double(done) / took, used * 1e6 / double(done));
}
